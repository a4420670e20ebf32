packer {
  required_plugins {
    huaweicloud = {
      version = ">= 1.2.1"
      source  = "github.com/huaweicloud/huaweicloud"
    }
  }
}

# HW_ACCESS_KEY, HW_SECRET_KEY and HW_REGION_NAME say who calls, and where.
source "huaweicloud-ecs" "web" {
  image_name         = "web"
  image_tags         = { builder = "packer" }
  source_image_name  = "Ubuntu 22.04 server 64bit"
  flavor             = "c6.large.2"
  eip_type           = "5_bgp"
  eip_bandwidth_size = 5
  ssh_username       = "root"
}

source "null" "file" {
  communicator = "none"
}

build {
  sources = ["source.huaweicloud-ecs.web"]
}

build {
  name    = "import"
  sources = ["source.null.file"]

  post-processors {
    post-processor "artifice" {
      files = ["web.qcow2"]
    }

    post-processor "huaweicloud-import" {
      obs_bucket_name  = "images"
      image_name       = "web"
      image_os_version = "Ubuntu 22.04 server 64bit"
      min_disk         = 40
      format           = "qcow2"
      image_tags       = { builder = "packer" }
    }
  }
}
