output "arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}

output "name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "gpu_capacity_provider" {
  description = "Name of the capacity provider with GPUs; null where there is none."
  value       = one(aws_ecs_capacity_provider.gpu[*].name)

  # A service cannot name a provider before it belongs to the cluster.
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}
