"""What is deployed: Terraform, containers, Kubernetes, the pipeline."""
