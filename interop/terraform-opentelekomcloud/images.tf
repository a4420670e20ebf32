resource "opentelekomcloud_ims_image_v2" "of_server" {
  name        = "of-server${var.suffix}"
  instance_id = local.instance_id
  description = "made by Terraform"
  tags        = var.tags
}

resource "opentelekomcloud_ims_image_v2" "of_volume" {
  name        = "of-volume${var.suffix}"
  volume_id   = local.volume_id
  os_version  = local.debian
  description = "made by Terraform"
  min_ram     = 1024
  max_ram     = 4096
  tags        = var.tags
}

resource "opentelekomcloud_ims_image_v2" "of_file" {
  name        = "of-file${var.suffix}"
  image_url   = "images:debian.qcow2"
  min_disk    = 60
  os_version  = local.debian
  cmk_id      = local.key_id
  is_config   = true
  description = "made by Terraform"
  tags        = var.tags
}

resource "opentelekomcloud_ims_data_image_v2" "of_volume" {
  name        = "data-of-volume${var.suffix}"
  volume_id   = local.volume_id
  description = "made by Terraform"
  tags        = var.tags
}

resource "opentelekomcloud_ims_data_image_v2" "of_file" {
  name        = "data-of-file${var.suffix}"
  image_url   = "images:data.qcow2"
  min_disk    = 60
  os_type     = "Linux"
  description = "made by Terraform"
}

resource "opentelekomcloud_images_image_v2" "native" {
  name             = "native${var.suffix}"
  local_file_path  = "${path.module}/client.json"
  container_format = "bare"
  disk_format      = "qcow2"
  min_disk_gb      = 40
  min_ram_mb       = 1024
  visibility       = "private"
  tags             = var.native_tags
}

data "opentelekomcloud_images_image_v2" "native" {
  name       = opentelekomcloud_images_image_v2.native.name
  visibility = "private"
  depends_on = [opentelekomcloud_images_image_v2.native]
}

data "opentelekomcloud_images_image_v2" "public" {
  name_regex  = "^CentOS 7"
  visibility  = "public"
  most_recent = true
}
