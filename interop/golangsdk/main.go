// A program with golangsdk, the HTTP layer of Huawei Cloud's provider for Terraform: IMS's own API, and its jobs.
//
// It takes the key and the log-in from the variables that "ims-mock env go" prints.
package main

import (
	"fmt"
	"os"

	"github.com/chnsz/golangsdk"
	"github.com/chnsz/golangsdk/openstack"
	"github.com/chnsz/golangsdk/openstack/imageservice/v2/images"
	"github.com/chnsz/golangsdk/openstack/ims/v2/cloudimages"
)

// keyOptions are the access key of the environment, as the provider for Terraform gives it to golangsdk.
func keyOptions() golangsdk.AKSKAuthOptions {
	return golangsdk.AKSKAuthOptions{
		IdentityEndpoint: os.Getenv("OS_AUTH_URL"),
		AccessKey:        os.Getenv("HUAWEICLOUD_SDK_AK"),
		SecretKey:        os.Getenv("HUAWEICLOUD_SDK_SK"),
		ProjectName:      os.Getenv("OS_REGION_NAME"),
		Region:           os.Getenv("OS_REGION_NAME"),
	}
}

// connect logs in, and returns a client for version 2 of the API at the endpoint of the catalogue.
func connect(options golangsdk.AuthOptionsProvider) (*golangsdk.ServiceClient, error) {
	provider, err := openstack.NewClient(options.GetIdentityEndpoint())
	if err != nil {
		return nil, err
	}
	if err := openstack.Authenticate(provider, options); err != nil {
		return nil, err
	}
	return openstack.NewImageServiceV2(provider, golangsdk.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")})
}

// once makes one call of a user, and says in a few words what it returned.
func once(client *golangsdk.ServiceClient, call string) (string, error) {
	switch call {
	case "list":
		page, err := cloudimages.List(client, cloudimages.ListOpts{}).AllPages()
		if err != nil {
			return "", err
		}
		found, err := cloudimages.ExtractImages(page)
		return listed(found), err
	case "create":
		created, err := images.Create(client, images.CreateOpts{Name: "web"}).Extract()
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("an image that is %s", created.Status), nil
	case "job":
		started, err := cloudimages.CreateImageByOBS(client, ofFile("web")).ExtractJobResponse()
		if err != nil {
			return "", err
		}
		return "job SUCCESS", cloudimages.WaitForJobSuccess(client, 60, started.JobID)
	}
	return "", fmt.Errorf("%q is not list, create or job", call)
}

func main() {
	client, err := connect(keyOptions())
	if len(os.Args) > 1 {
		returned := ""
		if err == nil {
			returned, err = once(client, os.Args[1])
		}
		if err != nil {
			raised(err)
			return
		}
		write(map[string]string{"returned": returned})
		return
	}
	works("sign with an access key, and find the project and the endpoint", func() { must(client, err) })
	if err == nil {
		check(client)
	}
	if isBroken {
		os.Exit(1)
	}
}
