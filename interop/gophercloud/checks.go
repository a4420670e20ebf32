package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imageimport"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/members"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/tasks"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

const missing = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"

// cloud is what the checks share: the client of the owner, and its image.
type cloud struct {
	context.Context
	*gophercloud.ServiceClient
	image string
}

// check calls what gophercloud has for images.
func check(ctx context.Context, client *gophercloud.ServiceClient, options gophercloud.AuthOptions) {
	c := &cloud{ctx, client, ""}
	c.checkImages()
	c.checkLists()
	c.checkMembers(options)
	c.checkLogIn(options)
	c.checkErrors(options)
	works("delete", func() {
		done(images.Delete(c, c.ServiceClient, c.image).ExtractErr())
		_, err := images.Get(c, c.ServiceClient, c.image).Extract()
		equal(gophercloud.ResponseCodeIs(err, http.StatusNotFound), true)
	})
}

// done ends the check if a call has failed.
func done(err error) { must(0, err) }

func (c *cloud) checkImages() {
	content := bytes.Repeat([]byte("image"), 1000)
	works("create with a property of its own", func() {
		created := must(images.Create(c, c.ServiceClient, images.CreateOpts{
			Name: "web", DiskFormat: "qcow2", ContainerFormat: "bare", MinDisk: 50, Tags: []string{"blue"},
			Properties: map[string]string{"team": "blue"},
		}).Extract())
		c.image = created.ID
		equal(created.Status, images.ImageStatusQueued)
		equal(created.Properties["team"], any("blue"))
		equal(time.Since(created.CreatedAt) < time.Hour, true)
	})
	works("upload, then download the same bytes", func() {
		done(imagedata.Upload(c, c.ServiceClient, c.image, bytes.NewReader(content)).ExtractErr())
		shown := must(images.Get(c, c.ServiceClient, c.image).Extract())
		equal(shown.Status, images.ImageStatusActive)
		equal(shown.SizeBytes, int64(len(content)))
		body := must(imagedata.Download(c, c.ServiceClient, c.image).Extract())
		defer body.Close()
		equal(must(io.ReadAll(body)), content)
	})
	works("update the name, the tags and properties", func() {
		updated := must(images.Update(c, c.ServiceClient, c.image, images.UpdateOpts{
			images.ReplaceImageName{NewName: "app"},
			images.ReplaceImageTags{NewTags: []string{"green", "k=v"}},
			images.UpdateImageProperty{Op: images.AddOp, Name: "level", Value: "1"},
			images.UpdateImageProperty{Op: images.RemoveOp, Name: "team"},
		}).Extract())
		equal(updated.Name, "app")
		equal(updated.Tags, []string{"green", "k=v"})
		equal(updated.Properties["level"], any("1"))
		equal(updated.Properties["team"], nil)
	})
	works("protect, and unprotect", func() {
		for _, protected := range []bool{true, false} {
			change := images.UpdateOpts{images.ReplaceImageProtected{NewProtected: protected}}
			equal(must(images.Update(c, c.ServiceClient, c.image, change).Extract()).Protected, protected)
		}
	})
}

func (c *cloud) checkLists() {
	list := func(options images.ListOpts) []images.Image {
		return must(images.ExtractImages(must(images.List(c.ServiceClient, options).AllPages(c))))
	}
	works("list with filters", func() {
		listed := list(images.ListOpts{
			Name: "app", Status: images.ImageStatusActive, Visibility: images.ImageVisibilityPrivate,
			Tags: []string{"green"}, DiskFormat: "qcow2", Owner: list(images.ListOpts{})[0].Owner,
			CreatedAtQuery: &images.ImageDateQuery{Date: time.Unix(0, 0).UTC(), Filter: images.FilterGT},
		})
		equal(len(listed), 1)
		equal(listed[0].ID, c.image)
	})
	works("pages, to the last one", func() {
		for number := range 4 {
			options := images.CreateOpts{Name: "page", Properties: map[string]string{"number": fmt.Sprint(number)}}
			must(images.Create(c, c.ServiceClient, options).Extract())
		}
		pages, seen := 0, map[any]bool{}
		options := images.ListOpts{Name: "page", Limit: 2, SortKey: "created_at", SortDir: "asc"}
		done(images.List(c.ServiceClient, options).EachPage(c, func(_ context.Context, page pagination.Page) (bool, error) {
			listed, err := images.ExtractImages(page)
			pages++
			for _, image := range listed {
				seen[image.Properties["number"]] = true
			}
			return true, err
		}))
		equal(pages, 2)
		equal(len(seen), 4)
	})
}

func (c *cloud) checkMembers(options gophercloud.AuthOptions) {
	works("share, accept in the other project, remove", func() {
		options.Username, options.TenantName = "alt", "alt"
		other := must(connect(c, options))
		project := must(other.GetAuthResult().(tokens.CreateResult).ExtractProject()).ID
		equal(must(members.Create(c, c.ServiceClient, c.image, project).Extract()).Status, "pending")
		accepted := members.Update(c, other, c.image, project, members.UpdateOpts{Status: "accepted"})
		equal(must(accepted.Extract()).Status, "accepted")
		listed := must(members.ExtractMembers(must(members.List(c.ServiceClient, c.image).AllPages(c))))
		equal(len(listed), 1)
		equal(must(members.Get(c, c.ServiceClient, c.image, project).Extract()).MemberID, project)
		seen := images.ListOpts{Visibility: images.ImageVisibilityShared, MemberStatus: images.ImageMemberStatusAccepted}
		equal(len(must(images.ExtractImages(must(images.List(other, seen).AllPages(c))))), 1)
		done(members.Delete(c, c.ServiceClient, c.image, project).ExtractErr())
		_, err := images.Get(c, other, c.image).Extract()
		equal(gophercloud.ResponseCodeIs(err, http.StatusNotFound), true)
	})
}

func (c *cloud) checkLogIn(options gophercloud.AuthOptions) {
	works("log in again after the token was revoked", func() {
		options.AllowReauth = true
		client := must(connect(c, options))
		first := client.Token()
		identity := must(openstack.NewIdentityV3(client.ProviderClient, gophercloud.EndpointOpts{}))
		done(tokens.Revoke(c, identity, first).Err)
		must(images.Get(c, client, c.image).Extract())
		equal(client.Token() != first, true)
	})
}

func (c *cloud) checkErrors(options gophercloud.AuthOptions) {
	status := func(err error) int { return raises[gophercloud.ErrUnexpectedResponseCode](err).Actual }
	refused("an image that does not exist", "404 is an ErrUnexpectedResponseCode", func() {
		_, err := images.Get(c, c.ServiceClient, missing).Extract()
		equal(status(err), http.StatusNotFound)
	})
	refused("a disk below the minimum", "400, and the body has the service's code, IMG.0055", func() {
		_, err := images.Create(c, c.ServiceClient, images.CreateOpts{Name: "a", MinDisk: 39}).Extract()
		equal(status(err), http.StatusBadRequest)
		body := raises[gophercloud.ErrUnexpectedResponseCode](err).Body
		equal(bytes.Contains(body, []byte(`"IMG.0055"`)), true)
	})
	refused("another size of the disk", "403: the native API of IMS does not change it", func() {
		_, err := images.Update(c, c.ServiceClient, c.image, images.UpdateOpts{images.ReplaceImageMinDisk{NewMinDisk: 60}}).Extract()
		equal(status(err), http.StatusForbidden)
	})
	refused("delete of a protected image", "403", func() {
		protected := images.CreateOpts{Name: "kept", Protected: new(true)}
		created := must(images.Create(c, c.ServiceClient, protected).Extract())
		equal(status(images.Delete(c, c.ServiceClient, created.ID).ExtractErr()), http.StatusForbidden)
	})
	refused("a wrong password", "401 is an ErrUnexpectedResponseCode", func() {
		options.Password = "wrong"
		_, err := connect(c, options)
		equal(status(err), http.StatusUnauthorized)
	})
	refused("import and tasks of Glance", "404: IMS does not have these operations", func() {
		_, err := imageimport.Get(c, c.ServiceClient).Extract()
		equal(status(err), http.StatusNotFound)
		web := imageimport.CreateOpts{Name: imageimport.WebDownloadMethod, URI: "https://example.com/a.qcow2"}
		equal(status(imageimport.Create(c, c.ServiceClient, c.image, web).ExtractErr()), http.StatusNotFound)
		_, err = tasks.List(c.ServiceClient, tasks.ListOpts{}).AllPages(c)
		equal(status(err), http.StatusNotFound)
	})
}
