# What others need to know of what was made here, under /prosa/<stage>/. Which parameters there are,
# and what they mean, infra/resources.json declares; a value for one it does not know fails here.
# Secrets are not among them: `make secrets` puts those, past Terraform, so that no plan and no state
# ever holds one.

resource "aws_ssm_parameter" "this" {
  # The names are known before the values are, which Terraform asks of what it makes many of.
  for_each = toset(var.names)

  name        = var.declared[each.key].Name
  description = var.declared[each.key].Description
  type        = var.declared[each.key].Type
  value       = var.values[each.key]

  lifecycle {
    precondition {
      condition     = contains(["String", "StringList"], var.declared[each.key].Type)
      error_message = "${each.key} is a secret: `make secrets` puts it."
    }
  }
}
