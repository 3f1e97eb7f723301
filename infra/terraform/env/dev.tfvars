# A copy to try things on, about 120 USD a month while nobody talks (docs/deploy.md).
stage               = "dev"
deletion_protection = false
log_retention_days  = 14
models              = ["openai:gpt-5-mini", "local:prosa-tiny"]
egress              = "nat"
cache = {
  node_type = "cache.t4g.micro"
  replicas  = 0
}
