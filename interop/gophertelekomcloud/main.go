// A program with gophertelekomcloud, Open Telekom Cloud's SDK for Go: images, members, tags and jobs.
//
// It signs with an access key in a dialect of its own, with a scope, and takes what it needs from the variables that
// "ims-mock env go" prints.
package main

import (
	"fmt"
	"os"

	golangsdk "github.com/opentelekomcloud/gophertelekomcloud"
	"github.com/opentelekomcloud/gophertelekomcloud/openstack"
	native "github.com/opentelekomcloud/gophertelekomcloud/openstack/image/v2/images"
	"github.com/opentelekomcloud/gophertelekomcloud/openstack/ims/v1/others"
	"github.com/opentelekomcloud/gophertelekomcloud/openstack/ims/v2/images"
)

// keyOptions are the access key of the environment.
func keyOptions() golangsdk.AKSKAuthOptions {
	return golangsdk.AKSKAuthOptions{
		IdentityEndpoint: os.Getenv("OS_AUTH_URL"),
		AccessKey:        os.Getenv("HUAWEICLOUD_SDK_AK"),
		SecretKey:        os.Getenv("HUAWEICLOUD_SDK_SK"),
		ProjectName:      os.Getenv("OS_REGION_NAME"),
		Region:           os.Getenv("OS_REGION_NAME"),
	}
}

// connect logs in, and returns clients for versions 1 and 2 of the API at the endpoint of the catalogue.
func connect(options golangsdk.AuthOptionsProvider) (*golangsdk.ServiceClient, *golangsdk.ServiceClient, error) {
	provider, err := openstack.AuthenticatedClient(options)
	if err != nil {
		return nil, nil, err
	}
	region := golangsdk.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")}
	first, err := openstack.NewIMSV1(provider, region)
	if err != nil {
		return nil, nil, err
	}
	second, err := openstack.NewIMSV2(provider, region)
	return first, second, err
}

// once makes one call of a user, and says in a few words what it returned.
func once(first, second *golangsdk.ServiceClient, call string) (string, error) {
	switch call {
	case "list":
		found, err := images.ListImages(second, images.ListImagesOpts{})
		return listed(found), err
	case "create":
		created, err := native.Create(second, native.CreateOpts{Name: "web"})
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("an image that is %s", created.Status), nil
	case "job":
		options := images.ImportImageQuickOpts{Name: "web", OsVersion: centos, ImageUrl: file, MinDisk: 60}
		id, err := images.ImportImageQuick(second, options)
		if err != nil {
			return "", err
		}
		return "job SUCCESS", others.WaitForJob(first, *id, 10)
	}
	return "", fmt.Errorf("%q is not list, create or job", call)
}

func main() {
	first, second, err := connect(keyOptions())
	if len(os.Args) > 1 {
		returned := ""
		if err == nil {
			returned, err = once(first, second, os.Args[1])
		}
		if err != nil {
			raised(err)
			return
		}
		write(map[string]string{"returned": returned})
		return
	}
	works("sign with a scope, and find the project and the endpoint", func() { must(second, err) })
	if err == nil {
		check(first, second)
	}
	if isBroken {
		os.Exit(1)
	}
}
