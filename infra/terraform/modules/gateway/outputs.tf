output "service_name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "balancer_arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "balancer_arn_suffix" {
  description = "How CloudWatch names the load balancer."
  value       = aws_lb.this.arn_suffix
}

output "balancer_domain" {
  description = "Name of the load balancer, known inside the VPC."
  value       = aws_lb.this.dns_name
}
