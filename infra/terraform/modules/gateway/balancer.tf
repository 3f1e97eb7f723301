resource "aws_lb" "this" {
  name               = "${var.name}-gateway"
  internal           = true
  load_balancer_type = "application"
  subnets            = var.subnet_ids
  security_groups    = [var.balancer_security_group_id]

  # A socket is pinged every 20 s (PROSA_GATEWAY_PING_INTERVAL_S), a stream shows as often that it
  # lives: three may be lost.
  idle_timeout               = 70
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
}

# Where clients come in: sockets, and event streams for networks that break sockets.
locals {
  doors = {
    sockets = { name = "${var.name}-gateway", port = 8081, path = "/ws", priority = 1 }
    events  = { name = "${var.name}-events", port = 8084, path = "/api/events", priority = 2 }
  }
}

resource "aws_lb_target_group" "this" {
  for_each = local.doors

  name        = each.value.name
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = each.value.port

  # New sockets go where the fewest are. Nothing is sticky: any gateway plays any user's log from
  # any cursor.
  load_balancing_algorithm_type = "least_outstanding_requests"

  # A gateway closes its sockets over 3 s and waits 2 s for their goodbyes (PROSA_GATEWAY_DRAIN_S,
  # PROSA_GATEWAY_CLOSE_TIMEOUT_S). Sockets do not end by themselves, so a longer delay would only
  # put off the deployment.
  deregistration_delay = 5

  stickiness {
    type    = "lb_cookie"
    enabled = false
  }

  # On the internal port, which the listener never sends anybody to.
  health_check {
    path                = "/readyz"
    port                = "8082"
    matcher             = "200"
    interval            = 5
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

# Plain HTTP from CloudFront through AWS's own network into the VPC; TLS ends at CloudFront.
resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each = local.doors

  listener_arn = aws_lb_listener.this.arn
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }

  condition {
    path_pattern {
      values = [each.value.path]
    }
  }
}
