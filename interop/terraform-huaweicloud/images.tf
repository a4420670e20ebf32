resource "huaweicloud_ims_ecs_system_image" "test" {
  name                  = "ecs-system${var.suffix}"
  instance_id           = local.instance_id
  description           = var.description
  max_ram               = var.max_ram
  min_ram               = var.min_ram
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_ecs_whole_image" "test" {
  name                  = "ecs-whole${var.suffix}"
  instance_id           = local.instance_id
  vault_id              = local.vault_id
  description           = var.description
  max_ram               = var.max_ram
  min_ram               = var.min_ram
  is_delete_backup      = true
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_cbr_whole_image" "test" {
  name                  = "cbr-whole${var.suffix}"
  backup_id             = local.backup_id
  description           = var.description
  max_ram               = var.max_ram
  min_ram               = var.min_ram
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_evs_system_image" "test" {
  name                  = "evs-system${var.suffix}"
  volume_id             = local.volume_id
  os_version            = local.ubuntu
  type                  = "ECS"
  description           = var.description
  max_ram               = var.max_ram
  min_ram               = var.min_ram
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_evs_data_image" "test" {
  name                  = "evs-data${var.suffix}"
  volume_id             = local.volume_id
  description           = var.description
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_obs_system_image" "test" {
  name                  = "obs-system${var.suffix}"
  image_url             = "images:ubuntu.qcow2"
  min_disk              = 60
  os_version            = local.ubuntu
  type                  = "ECS"
  is_config             = true
  cmk_id                = local.key_id
  description           = var.description
  max_ram               = var.max_ram
  min_ram               = var.min_ram
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_obs_data_image" "test" {
  name                  = "obs-data${var.suffix}"
  image_url             = "images:data.qcow2"
  min_disk              = 60
  os_type               = "Linux"
  cmk_id                = local.key_id
  description           = var.description
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_obs_iso_image" "test" {
  name                  = "obs-iso${var.suffix}"
  image_url             = "images:ubuntu.iso"
  min_disk              = 60
  os_version            = local.ubuntu
  architecture          = "x86"
  is_config             = true
  cmk_id                = local.key_id
  description           = var.description
  max_ram               = var.max_ram
  min_ram               = var.min_ram
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_quickimport_system_image" "test" {
  name                  = "quick-system${var.suffix}"
  image_url             = "images:ubuntu.raw"
  min_disk              = 100
  os_version            = local.ubuntu
  type                  = "ECS"
  architecture          = "x86"
  license_type          = "byol"
  hw_firmware_type      = var.firmware
  description           = var.description
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_quickimport_data_image" "test" {
  name                  = "quick-data${var.suffix}"
  image_url             = "images:data.raw"
  min_disk              = 100
  type                  = "DataImage"
  os_type               = "Linux"
  description           = var.description
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

# All arguments of these two are fixed once they exist.
resource "huaweicloud_ims_image_metadata" "test" {
  name             = "metadata"
  __os_version     = local.ubuntu
  visibility       = "private"
  protected        = false
  container_format = "bare"
  disk_format      = "qcow2"
  min_ram          = 1024
  min_disk         = 60
  tags             = ["team=web"]
}

resource "huaweicloud_ims_image_registration" "test" {
  image_id  = huaweicloud_ims_image_metadata.test.id
  image_url = "images:ubuntu.qcow2"
}

resource "huaweicloud_images_image_copy" "test" {
  source_image_id       = huaweicloud_ims_obs_system_image.test.id
  name                  = "copy${var.suffix}"
  description           = var.description
  kms_key_id            = local.other_key_id
  max_ram               = var.max_ram
  min_ram               = var.min_ram
  tags                  = var.tags
  enterprise_project_id = var.enterprise_project_id
}

resource "huaweicloud_ims_image_export" "test" {
  image_id    = huaweicloud_ims_evs_system_image.test.id
  bucket_url  = "exports:evs-system.qcow2"
  file_format = "qcow2"
}

resource "huaweicloud_imsv21_image_export" "test" {
  image_id        = huaweicloud_ims_ecs_system_image.test.id
  bucket_url      = "exports:ecs-system.zvhd2"
  is_quick_export = true
}

# These two are deprecated.
resource "huaweicloud_images_image" "test" {
  name        = "deprecated${var.suffix}"
  instance_id = local.instance_id
  description = var.description
  max_ram     = var.max_ram
  min_ram     = var.min_ram
  tags        = var.tags
}

resource "huaweicloud_images_image_v2" "test" {
  name             = "native${var.suffix}"
  local_file_path  = "${path.module}/client.json"
  container_format = "bare"
  disk_format      = "qcow2"
  min_disk_gb      = 40
  tags             = ["team.web"]
}
