variable "declared" {
  description = "The parameters of infra/resources.json, by their name below /prosa/<stage>/."
  type        = map(any)
}

variable "names" {
  description = "Which of them get a value."
  type        = list(string)
}

variable "values" {
  description = "The values, by the same names."
  type        = map(string)
}
