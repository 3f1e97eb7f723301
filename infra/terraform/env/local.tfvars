# Against an emulator behind AWS_ENDPOINT_URL, with a Redis beside it: everything a laptop has, and
# every part MiniStack can make, of the smallest size. docs/deploy.md says what it cannot, and why.
stage               = "local"
emulator            = true
deletion_protection = false
log_retention_days  = 1
parts               = ["network", "services"]
redis_url           = "redis://127.0.0.1:6390/0"
