resource "huaweicloud_images_image_copy" "south" {
  source_image_id = huaweicloud_ims_evs_data_image.test.id
  name            = "south${var.suffix}"
  target_region   = "cn-south-1"
  agency_name     = "copier"
  description     = var.description
  max_ram         = var.max_ram
  min_ram         = var.min_ram
  tags            = var.tags
}

data "huaweicloud_images_images" "south" {
  region   = huaweicloud_images_image_copy.south.target_region
  image_id = huaweicloud_images_image_copy.south.id
}
