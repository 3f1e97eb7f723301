"""One file per function of `serverless.yml`, by its key; each has a `lambda_handler`."""
