data "opentelekomcloud_identity_project_v3" "alt" {
  provider = opentelekomcloud.alt
  name     = "alt"
}

resource "opentelekomcloud_images_image_access_v2" "test" {
  image_id  = opentelekomcloud_ims_image_v2.of_server.id
  member_id = data.opentelekomcloud_identity_project_v3.alt.id
}

resource "opentelekomcloud_images_image_access_accept_v2" "test" {
  provider  = opentelekomcloud.alt
  image_id  = opentelekomcloud_images_image_access_v2.test.image_id
  member_id = data.opentelekomcloud_identity_project_v3.alt.id
  status    = "accepted"
}
