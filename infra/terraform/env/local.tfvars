# Against an emulator behind AWS_ENDPOINT_URL, with a Redis beside it: everything a laptop has, and
# every part the emulator can make, of the smallest size. See docs/emulators.md for what it cannot.
stage               = "local"
emulator            = true
deletion_protection = false
log_retention_days  = 1
parts               = ["network", "services"]
redis_url           = "redis://127.0.0.1:6390/0"
