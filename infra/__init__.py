"""What is made in the cloud; the Python here packs functions and puts what Terraform must not."""
