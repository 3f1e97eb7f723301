# One origin for the page, `/api` and `/ws`, as the page expects everywhere. Everything of it is at
# one address, so there is no CORS, and the gateway's check of `Origin` knows one name.

locals {
  # Policies AWS keeps, the same in every account.
  policies = {
    caching_optimized             = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    caching_disabled              = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    all_viewer                    = "216adef6-5c7f-47e4-b989-5492eafa07d3"
    all_viewer_except_host_header = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
  }
}

resource "aws_cloudfront_origin_access_control" "page" {
  name                              = "${var.name}-page"
  description                       = "Signs requests to the page's bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_vpc_origin" "gateway" {
  vpc_origin_endpoint_config {
    name                   = "${var.name}-gateway"
    arn                    = var.balancer_arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "http-only"

    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }
}

resource "aws_cloudfront_function" "this" {
  for_each = {
    page = "Answers a path of the page with the page"
    api  = "Takes /api off, which API Gateway does not know"
  }

  name    = "${var.name}-${each.key}"
  runtime = "cloudfront-js-2.0"
  comment = each.value
  publish = true
  code    = file("${path.module}/functions/${each.key}.js")
}

resource "aws_cloudfront_response_headers_policy" "page" {
  name    = "${var.name}-page"
  comment = "What a browser may do with the page; the same as web/security-headers.json says"

  security_headers_config {
    content_security_policy {
      content_security_policy = var.security_headers["Content-Security-Policy"]
      override                = true
    }
    content_type_options {
      override = true
    }
    referrer_policy {
      referrer_policy = var.security_headers["Referrer-Policy"]
      override        = true
    }
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }
    frame_options {
      frame_option = "DENY"
      override     = true
    }
  }

  custom_headers_config {
    items {
      header   = "Permissions-Policy"
      value    = var.security_headers["Permissions-Policy"]
      override = true
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  enabled             = true
  comment             = var.name
  default_root_object = "index.html"
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  price_class         = "PriceClass_100"
  aliases             = var.domain_name == null ? [] : [var.domain_name]
  wait_for_deployment = true
  web_acl_id          = var.web_acl_arn

  origin {
    origin_id                = "page"
    domain_name              = aws_s3_bucket.page.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.page.id
  }

  origin {
    origin_id   = "api"
    domain_name = var.api_domain
    origin_path = var.api_stage_path

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      # The functions end after 10 s, API Gateway after 29.
      origin_read_timeout = 30
    }
  }

  origin {
    origin_id   = "gateway"
    domain_name = var.balancer_domain

    vpc_origin_config {
      vpc_origin_id = aws_cloudfront_vpc_origin.gateway.id
    }
  }

  default_cache_behavior {
    target_origin_id           = "page"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.policies.caching_optimized
    response_headers_policy_id = aws_cloudfront_response_headers_policy.page.id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.this["page"].arn
    }
  }

  # Before the API's, whose pattern it matches as well.
  ordered_cache_behavior {
    path_pattern             = "/api/events"
    target_origin_id         = "gateway"
    viewer_protocol_policy   = "https-only"
    allowed_methods          = ["GET", "HEAD"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = local.policies.caching_disabled
    origin_request_policy_id = local.policies.all_viewer
  }

  ordered_cache_behavior {
    path_pattern           = "/api/*"
    target_origin_id       = "api"
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = local.policies.caching_disabled
    # API Gateway finds the API by Host, which must be its own.
    origin_request_policy_id = local.policies.all_viewer_except_host_header

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.this["api"].arn
    }
  }

  ordered_cache_behavior {
    path_pattern             = "/ws"
    target_origin_id         = "gateway"
    viewer_protocol_policy   = "https-only"
    allowed_methods          = ["GET", "HEAD"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = local.policies.caching_disabled
    origin_request_policy_id = local.policies.all_viewer
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.certificate_arn == null
    acm_certificate_arn            = var.certificate_arn
    ssl_support_method             = var.certificate_arn == null ? null : "sni-only"
    minimum_protocol_version       = var.certificate_arn == null ? "TLSv1" : "TLSv1.2_2021"
  }
}
