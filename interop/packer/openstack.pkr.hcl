packer {
  required_plugins {
    openstack = {
      version = ">= 1.1.2"
      source  = "github.com/hashicorp/openstack"
    }
  }
}

# The variables OS_... say where the cloud is, and who calls.
source "openstack" "web" {
  image_name        = "web"
  source_image_name = "Ubuntu 22.04 server 64bit"
  flavor            = "s6.small.1"
  ssh_username      = "root"
}

build {
  sources = ["source.openstack.web"]
}
