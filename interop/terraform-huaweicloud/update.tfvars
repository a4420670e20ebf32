suffix                = "-2"
description           = ""
max_ram               = 8192
min_ram               = 2048
enterprise_project_id = "66666666-6666-4666-8666-666666666666"
firmware              = "bios"
recipients            = ["77777777777747778777777777777777"]
tags = {
  team  = "store"
  owner = "ci"
}
