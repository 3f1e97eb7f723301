"""The Lambda functions in the cloud: their roles, their stage, their packages."""
