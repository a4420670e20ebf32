provider "huaweicloud" {
  alias      = "alt"
  access_key = "alt-ak"
  secret_key = "alt-sk"
}
