# HW_REGION_NAME, HW_ACCESS_KEY, HW_SECRET_KEY and HTTPS_PROXY are enough.
provider "huaweicloud" {}
