variable "name" {
  description = "How names begin: prosa-<stage>."
  type        = string
}

variable "deletion_protection" {
  description = "Whether a repository that has images stays when everything else is destroyed."
  type        = bool
}
