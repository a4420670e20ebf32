suffix      = "-2"
native_tags = ["team.store"]
tags = {
  team  = "store"
  owner = "ci"
}
