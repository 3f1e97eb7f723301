# What each variable refuses. Nothing is asked of AWS: the provider is a mock.
#
#   terraform init -backend=false && terraform test

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"] }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "000000000000" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  stage               = "dev"
  deletion_protection = false
  log_retention_days  = 14
}

run "a_stage_serverless_does_not_know" {
  command = plan

  variables {
    stage = "test"
  }

  expect_failures = [var.stage]
}

run "a_region_that_is_none" {
  command = plan

  variables {
    region = "us-east"
  }

  expect_failures = [var.region]
}

run "a_part_nobody_knows" {
  command = plan

  variables {
    parts     = ["network", "database"]
    redis_url = "redis://10.0.0.1:6379/0"
  }

  expect_failures = [var.parts]
}

run "services_without_a_network" {
  command = plan

  variables {
    parts = ["services", "cache"]
  }

  expect_failures = [var.parts]
}

run "scaling_of_nothing" {
  command = plan

  variables {
    parts = ["network", "cache", "scaling"]
  }

  expect_failures = [var.parts]
}

run "a_retention_cloudwatch_refuses" {
  command = plan

  variables {
    log_retention_days = 10
  }

  expect_failures = [var.log_retention_days]
}

run "a_network_too_small" {
  command = plan

  variables {
    vpc_cidr = "10.0.0.0/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "one_zone" {
  command = plan

  variables {
    zones = 1
  }

  expect_failures = [var.zones]
}

run "a_way_out_there_is_not" {
  command = plan

  variables {
    egress = "proxy"
  }

  expect_failures = [var.egress]
}

run "no_way_out_to_a_model_elsewhere" {
  command = plan

  variables {
    egress = "endpoints"
    models = ["openai:gpt-5-mini"]
  }

  expect_failures = [var.egress]
}

run "a_node_of_something_else" {
  command = plan

  variables {
    cache = { node_type = "db.t4g.micro", replicas = 0 }
  }

  expect_failures = [var.cache]
}

run "a_password_in_an_address" {
  command = plan

  variables {
    redis_url = "rediss://user:secret@10.0.0.1:6379/0"
  }

  expect_failures = [var.redis_url]
}

run "no_redis_at_all" {
  command = plan

  variables {
    parts = ["network", "services"]
  }

  expect_failures = [var.redis_url]
}

run "a_cache_without_its_address" {
  command = plan

  variables {
    redis_cache_name = "mine"
  }

  expect_failures = [var.redis_cache_name]
}

run "a_model_of_nobody" {
  command = plan

  variables {
    models = ["gpt-5-mini"]
  }

  expect_failures = [var.models]
}

run "a_tag_that_moves" {
  command = plan

  variables {
    image_tag = "latest"
  }

  expect_failures = [var.image_tag]
}

run "an_image_by_tag" {
  command = plan

  variables {
    images = { worker = "ghcr.io/prosa/worker:1.2.3" }
  }

  expect_failures = [var.images]
}

run "more_backlog_than_a_worker_takes" {
  command = plan

  variables {
    worker = { cpu = 1024, memory = 2048, min = 1, max = 4, concurrency = 8, backlog_per_task = 12 }
  }

  expect_failures = [var.worker]
}

run "more_sockets_than_a_gateway_takes" {
  command = plan

  variables {
    gateway = { cpu = 512, memory = 1024, min = 1, max = 4, sockets_per_task = 20000 }
  }

  expect_failures = [var.gateway]
}

run "an_instance_without_a_gpu" {
  command = plan

  variables {
    gpu = { instance_type = "m7g.large", max = 1 }
  }

  expect_failures = [var.gpu]
}

run "an_edge_before_nothing" {
  command = plan

  variables {
    edge  = true
    parts = ["network", "cache"]
  }

  expect_failures = [var.edge]
}

run "an_address_in_place_of_a_name" {
  command = plan

  variables {
    domain_name     = "https://talk.example.com/"
    certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/x"
  }

  expect_failures = [var.domain_name]
}

run "a_name_without_a_certificate" {
  command = plan

  variables {
    domain_name = "talk.example.com"
  }

  expect_failures = [var.certificate_arn]
}

run "a_certificate_cloudfront_does_not_see" {
  command = plan

  variables {
    domain_name     = "talk.example.com"
    certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/x"
  }

  expect_failures = [var.certificate_arn]
}

run "nobody_to_write_to" {
  command = plan

  variables {
    alarm_emails = ["somebody"]
  }

  expect_failures = [var.alarm_emails]
}

run "no_budget" {
  command = plan

  variables {
    monthly_budget_usd = 0
  }

  expect_failures = [var.monthly_budget_usd]
}

run "a_firewall_of_a_region" {
  command = plan

  variables {
    web_acl_arn = "arn:aws:wafv2:eu-west-1:000000000000:regional/webacl/mine/x"
  }

  expect_failures = [var.web_acl_arn]
}
