module example.com/gophertelekomcloud

go 1.26

require github.com/opentelekomcloud/gophertelekomcloud v0.9.8

require gopkg.in/yaml.v2 v2.3.0 // indirect
