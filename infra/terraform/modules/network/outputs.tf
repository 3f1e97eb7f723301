output "vpc_id" {
  description = "VPC that everything stands in."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "One private subnet for each zone."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "security_group_ids" {
  description = "Security groups by what they are for: balancer, gateway, worker, functions, cache."
  value       = { for name, group in aws_security_group.this : name => group.id }
}
