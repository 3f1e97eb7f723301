"""What is made in the cloud. The Python here packs the functions, puts what Terraform must not know,
writes the chart, and installs what images install."""
