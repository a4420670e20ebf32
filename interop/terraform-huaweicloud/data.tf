data "huaweicloud_images_image" "public" {
  name        = "CentOS 7.4 64bit"
  visibility  = "public"
  most_recent = true
}

data "huaweicloud_images_images" "public" {
  visibility = "public"
}

data "huaweicloud_images_images" "centos" {
  os           = "CentOS"
  name_regex   = "^CentOS 7"
  visibility   = "public"
  architecture = "x86"
  image_type   = "FusionCompute"
}

data "huaweicloud_images_images" "tagged" {
  name       = huaweicloud_ims_obs_system_image.test.name
  tag        = "team=${var.tags["team"]}"
  depends_on = [huaweicloud_ims_obs_system_image.test]
}

data "huaweicloud_images_images" "whole" {
  is_whole_image = true
  visibility     = "private"
  depends_on     = [huaweicloud_ims_cbr_whole_image.test, huaweicloud_ims_ecs_whole_image.test]
}

data "huaweicloud_ims_images_by_tags" "count" {
  action = "count"
  tags {
    key    = "team"
    values = [var.tags["team"]]
  }
  matches {
    key   = "resource_name"
    value = huaweicloud_ims_obs_system_image.test.name
  }
  depends_on = [huaweicloud_ims_obs_system_image.test]
}

data "huaweicloud_ims_images_by_tags" "filter" {
  action = "filter"
  tags {
    key    = "team"
    values = [var.tags["team"]]
  }
  matches {
    key   = "resource_name"
    value = huaweicloud_ims_obs_system_image.test.name
  }
  depends_on = [huaweicloud_ims_obs_system_image.test]
}

data "huaweicloud_ims_os_versions" "all" {}

data "huaweicloud_ims_os_versions" "arm" {
  tag = "arm"
}

data "huaweicloud_ims_quotas" "test" {}

data "huaweicloud_ims_tags" "test" {
  depends_on = [huaweicloud_ims_obs_system_image.test]
}
