"""What is made in the cloud; the Python here packs the functions and puts what Terraform must not."""
