"""What the tests of the deployment stand on: Terraform, its policies, a stage that runs."""
