// A program with gophercloud: the life of an image in the native API, with the user of the environment.
//
// gophercloud reads the variables OS_... that "ims-mock env go" prints.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
)

// connect logs a user in, and returns a client for the endpoint of the catalogue.
func connect(ctx context.Context, options gophercloud.AuthOptions) (*gophercloud.ServiceClient, error) {
	provider, err := openstack.AuthenticatedClient(ctx, options)
	if err != nil {
		return nil, err
	}
	return openstack.NewImageV2(provider, gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")})
}

// once makes one call of a user, and says in a few words what it returned.
func once(ctx context.Context, client *gophercloud.ServiceClient, call string) (string, error) {
	switch call {
	case "list":
		page, err := images.List(client, images.ListOpts{}).AllPages(ctx)
		if err != nil {
			return "", err
		}
		found, err := images.ExtractImages(page)
		return listed(found), err
	case "create":
		created, err := images.Create(ctx, client, images.CreateOpts{Name: "web"}).Extract()
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("an image that is %s", created.Status), nil
	}
	return "", fmt.Errorf("%q is not list or create", call)
}

func main() {
	ctx := context.Background()
	options, err := openstack.AuthOptionsFromEnv()
	var client *gophercloud.ServiceClient
	if err == nil {
		client, err = connect(ctx, options)
	}
	if len(os.Args) > 1 {
		returned := ""
		if err == nil {
			returned, err = once(ctx, client, os.Args[1])
		}
		if err != nil {
			raised(err)
			return
		}
		write(map[string]string{"returned": returned})
		return
	}
	works("log in with a password, and take the endpoint of the catalogue", func() { must(client, err) })
	if err == nil {
		check(ctx, client, options)
	}
	if isBroken {
		os.Exit(1)
	}
}
