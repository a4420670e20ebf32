variable "suffix" {
  description = "The end of each image's name."
  type        = string
  default     = ""
}

variable "description" {
  type    = string
  default = "made by Terraform"
}

variable "max_ram" {
  type    = number
  default = 4096
}

variable "min_ram" {
  type    = number
  default = 1024
}

variable "tags" {
  type = map(string)
  default = {
    team  = "web"
    stage = "test"
  }
}

variable "enterprise_project_id" {
  type    = string
  default = "0"
}

variable "firmware" {
  type    = string
  default = "uefi"
}

variable "recipients" {
  description = "The projects with which one image is shared, beside that of the provider alt."
  type        = list(string)
  default     = []
}

locals {
  instance_id  = "11111111-1111-4111-8111-111111111111"
  volume_id    = "22222222-2222-4222-8222-222222222222"
  vault_id     = "33333333-3333-4333-8333-333333333333"
  backup_id    = "44444444-4444-4444-8444-444444444444"
  key_id       = "55555555-5555-4555-8555-555555555555"
  other_key_id = "56565656-5656-4656-8656-565656565656"
  ubuntu       = "Ubuntu 22.04 server 64bit"
}
