output "url" {
  description = "URL of the primary node, over TLS."
  value       = "rediss://${aws_elasticache_replication_group.this.primary_endpoint_address}:6379/0"
}
