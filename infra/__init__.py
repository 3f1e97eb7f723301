"""What is made in the cloud and what is run there.

The Python here packs the functions, puts what Terraform must not know, writes the Helm chart, and
installs what images install.
"""
