data "huaweicloud_identity_projects" "alt" {
  provider = huaweicloud.alt
  name     = "alt"
}

resource "huaweicloud_images_image_share" "test" {
  source_image_id    = huaweicloud_ims_quickimport_system_image.test.id
  target_project_ids = concat([data.huaweicloud_identity_projects.alt.projects[0].id], var.recipients)
}

resource "huaweicloud_images_image_share_accepter" "test" {
  provider = huaweicloud.alt
  image_id = huaweicloud_images_image_share.test.source_image_id
}

data "huaweicloud_ims_image_shared_members" "test" {
  image_id   = huaweicloud_images_image_share.test.source_image_id
  depends_on = [huaweicloud_images_image_share_accepter.test]
}

data "huaweicloud_images_images" "shared" {
  provider   = huaweicloud.alt
  visibility = "shared"
  image_id   = huaweicloud_images_image_share_accepter.test.image_id
}
