variable "suffix" {
  description = "The end of each image's name."
  type        = string
  default     = ""
}

variable "tags" {
  type = map(string)
  default = {
    team  = "web"
    stage = "test"
  }
}

variable "native_tags" {
  type    = set(string)
  default = ["team.web"]
}

locals {
  instance_id = "11111111-1111-4111-8111-111111111111"
  volume_id   = "22222222-2222-4222-8222-222222222222"
  key_id      = "55555555-5555-4555-8555-555555555555"
  debian      = "Debian GNU/Linux 10.0.0 64bit"
}
