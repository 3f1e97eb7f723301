output "urls" {
  description = "Where images are pushed, by what they are: worker, gateway, edge."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}
