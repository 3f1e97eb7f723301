output "parameters" {
  description = "SSM parameters others read."
  value       = module.parameters.names
}

output "image_repositories" {
  description = "Where images are pushed: worker, gateway, edge."
  value       = module.registry.urls
}

output "role_arns" {
  description = "Role of each service's code."
  value       = module.roles.task
}

output "page_url" {
  description = "Where people open the page; null before the second apply."
  value       = one(module.edge[*].origin)
}

output "distribution_domain" {
  description = "What a DNS record of domain_name must point at; null before the second apply."
  value       = one(module.edge[*].distribution_domain)
}

output "alarm_topic_arn" {
  description = "Topic of the alarms."
  value       = module.alarms.topic_arn
}
