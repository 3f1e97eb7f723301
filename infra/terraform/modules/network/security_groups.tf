# Who may talk to whom, one group for each kind of thing. Everything that is not here is refused.

locals {
  groups = {
    balancer  = "The internal load balancer before the gateway"
    gateway   = "The WebSocket gateway"
    worker    = "The worker"
    functions = "The Lambda functions"
    cache     = "The Valkey of the event log"
    endpoints = "Endpoints of AWS services"
  }

  # From whom, to whom, on which port.
  paths = {
    sockets            = { from = "balancer", to = "gateway", port = 8081 }
    event_streams      = { from = "balancer", to = "gateway", port = 8084 }
    readiness          = { from = "balancer", to = "gateway", port = 8082 }
    gateway_to_cache   = { from = "gateway", to = "cache", port = 6379 }
    worker_to_cache    = { from = "worker", to = "cache", port = 6379 }
    functions_to_cache = { from = "functions", to = "cache", port = 6379 }
  }

  callers_of_aws = toset(["gateway", "worker", "functions"])
}

resource "aws_security_group" "this" {
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "path" {
  for_each = local.paths

  description                  = "${each.value.from} to ${each.value.to}"
  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "path" {
  for_each = local.paths

  description                  = "${each.value.from} to ${each.value.to}"
  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# AWS has no fixed addresses, nor have the providers of models. What is asked for is HTTPS.
resource "aws_vpc_security_group_egress_rule" "https" {
  for_each = local.callers_of_aws

  description       = "${each.key} to AWS and to models"
  security_group_id = aws_security_group.this[each.key].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = local.callers_of_aws

  description                  = "${each.key} to endpoints"
  security_group_id            = aws_security_group.this["endpoints"].id
  referenced_security_group_id = aws_security_group.this[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# Where CloudFront comes from: a list that AWS keeps.
data "aws_ec2_managed_prefix_list" "cloudfront" {
  count = var.edge && !var.emulator ? 1 : 0

  name = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_vpc_security_group_ingress_rule" "cloudfront" {
  count = var.edge && !var.emulator ? 1 : 0

  description       = "CloudFront to the load balancer"
  security_group_id = aws_security_group.this["balancer"].id
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront[0].id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}
