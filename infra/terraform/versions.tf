terraform {
  # 1.11 is the first whose S3 backend locks by a file beside the state, without a DynamoDB table.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }

  # Which bucket and key: env/<stage>.s3.tfbackend.example, docs/deploy.md.
  backend "s3" {}
}

provider "aws" {
  region = var.region

  # An emulator is behind an address, not a name a bucket can be put before.
  s3_use_path_style = var.emulator

  default_tags {
    tags = {
      app   = "prosa"
      stage = var.stage
    }
  }
}
