# For people: survives the loss of a zone, and keeps what it has from a mistaken destroy.
stage               = "prod"
deletion_protection = true
log_retention_days  = 90
models              = ["anthropic:claude-haiku-4-5", "openai:gpt-5-mini", "local:prosa-tiny"]
zones               = 3
egress              = "nat_per_zone"
flow_logs           = true
cache = {
  node_type = "cache.m7g.large"
  replicas  = 1
}
worker = {
  cpu              = 2048
  memory           = 4096
  min              = 2
  max              = 40
  concurrency      = 32
  backlog_per_task = 20
}
gateway = {
  cpu              = 1024
  memory           = 2048
  min              = 2
  max              = 20
  sockets_per_task = 6000
}
monthly_budget_usd = 1500
