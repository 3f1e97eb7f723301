variable "name" {
  description = "Name of the cache, its users and its groups: prosa-<stage>."
  type        = string
}

variable "node_type" {
  description = "Type of each node."
  type        = string
}

variable "replicas" {
  description = "Nodes that stand by, in other zones."
  type        = number
}

variable "subnet_ids" {
  description = "Subnets the nodes stand in."
  type        = list(string)
}

variable "security_group_id" {
  description = "Group that lets the services in."
  type        = string
}

variable "users" {
  description = "Who signs in, and what they may do, as an ACL: {worker = \"on ~* ...\"}."
  type        = map(string)
}
