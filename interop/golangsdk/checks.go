package main

import (
	"bytes"
	"io"
	"time"

	"github.com/chnsz/golangsdk"
	"github.com/chnsz/golangsdk/auth/core/signer"
	"github.com/chnsz/golangsdk/openstack"
	"github.com/chnsz/golangsdk/openstack/imageservice/v2/imagedata"
	"github.com/chnsz/golangsdk/openstack/imageservice/v2/images"
	"github.com/chnsz/golangsdk/openstack/imageservice/v2/members"
	"github.com/chnsz/golangsdk/openstack/ims/v1/imagecopy"
	"github.com/chnsz/golangsdk/openstack/ims/v2/cloudimages"
	"github.com/chnsz/golangsdk/openstack/ims/v2/tags"
)

const (
	server = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
	volume = "b3f7a2de-29b4-4b1e-8a3d-4e1c9f6a7b58"
	file   = "bucket:disk.zvhd2"
	centos = "CentOS 7.0 64bit"
)

// ofFile describes a system image that is made of a file in a bucket.
func ofFile(name string) cloudimages.CreateByOBSOpts {
	return cloudimages.CreateByOBSOpts{Name: name, OsVersion: centos, ImageUrl: file, MinDisk: 60}
}

// cloud is what the checks share: the client of the owner, in both versions, and an active image.
type cloud struct {
	*golangsdk.ServiceClient
	first *golangsdk.ServiceClient
	image string
}

// check calls what golangsdk has for images.
func check(client *golangsdk.ServiceClient) {
	first := *client
	first.ResourceBase = first.Endpoint + "v1/"
	c := &cloud{client, &first, ""}
	c.checkLogIn()
	c.checkJobs()
	c.checkOwn()
	c.checkNative()
	c.checkErrors()
}

// done ends the check if a call has failed.
func done(err error) { must(0, err) }

// made returns the image that a job has made.
func (c *cloud) made(job *cloudimages.JobResponse, err error) cloudimages.Image {
	id := must(cloudimages.GetJobEntity(c.ServiceClient, must(job, err).JobID, "image_id")).(string)
	return c.list(cloudimages.ListOpts{ID: id})[0]
}

func (c *cloud) list(options cloudimages.ListOpts) []cloudimages.Image {
	return must(cloudimages.ExtractImages(must(cloudimages.List(c.ServiceClient, options).AllPages())))
}

func (c *cloud) checkLogIn() {
	works("log in with a password", func() {
		client := must(connect(must(openstack.AuthOptionsFromEnv())))
		equal(client.ProjectID, c.ProjectID)
		must(cloudimages.List(client, cloudimages.ListOpts{}).AllPages())
	})
}

func (c *cloud) checkJobs() {
	works("image of a file; the client waits 10 seconds for each job", func() {
		options := ofFile("web")
		options.ImageTags = []cloudimages.ImageTag{{Key: "k", Value: "v"}}
		options.MaxRam, options.Description = 4096, "text"
		started := must(cloudimages.CreateImageByOBS(c.ServiceClient, options).ExtractJobResponse())
		done(cloudimages.WaitForJobSuccess(c.ServiceClient, 60, started.JobID))
		image := c.made(started, nil)
		equal(image.DataOrigin, "file,"+file)
		equal(image.MaxRam+" "+image.Description+" "+image.Status, "4096 text active")
		equal(image.Tags, []string{"k=v"})
		equal(time.Since(image.CreatedAt) < time.Hour, true)
		c.image = image.ID
	})
	works("images of a server and of disks", func() {
		ofServer := cloudimages.CreateByServerOpts{Name: "a", InstanceId: server}
		image := c.made(cloudimages.CreateImageByServer(c.ServiceClient, ofServer).ExtractJobResponse())
		equal(image.DataOrigin, "instance,"+server)
		ofVolume := cloudimages.CreateSystemImageByVolumeOpts{Name: "b", VolumeId: volume, OsVersion: centos}
		image = c.made(cloudimages.CreateImageByServer(c.ServiceClient, ofVolume).ExtractJobResponse())
		equal(image.DataOrigin, "volume,"+volume)
		disks := []cloudimages.DataImage{{Name: "data", VolumeId: volume}}
		data := cloudimages.CreateDataImageByServerOpts{DataImages: disks}
		started := must(cloudimages.CreateDataImageByServer(c.ServiceClient, data).ExtractJobResponse())
		equal(len(started.JobID), 32)
		equal(c.list(cloudimages.ListOpts{VirtualEnvType: "DataImage"})[0].DataOrigin, "volume,"+volume)
	})
	works("data image of a file, and full-server images", func() {
		data := cloudimages.CreateDataImageByOBSOpts{Name: "data", OsType: "Linux", ImageUrl: file, MinDisk: 60}
		image := c.made(cloudimages.CreateDataImageByOBS(c.first, data).ExtractJobResponse())
		equal(image.VirtualEnvType, "DataImage")
		whole := cloudimages.CreateWholeImageOpts{Name: "whole", InstanceId: server, VaultId: volume}
		image = c.made(cloudimages.CreateWholeImageByServer(c.first, whole).ExtractJobResponse())
		equal(image.WholeImage, "true")
		ofBackup := cloudimages.CreateWholeImageOpts{Name: "whole", BackupId: server, WholeImageType: "CBR"}
		image = c.made(cloudimages.CreateWholeImageByBackup(c.first, ofBackup).ExtractJobResponse())
		equal(image.BackupID, server)
	})
	works("copies, in the region and to another one", func() {
		copied := must(imagecopy.WithinRegionCopy(
			c.first, c.image, imagecopy.WithinRegionCopyOpts{Name: "copy"}).ExtractJobResponse())
		equal(c.made(&cloudimages.JobResponse{JobID: copied.JobID}, nil).Name, "copy")
		far := imagecopy.CrossRegionCopyOpts{
			Name: "far", TargetRegion: "cn-south-1", TargetProjectName: "cn-south-1", AgencyName: "ims_copy",
		}
		equal(len(must(imagecopy.CrossRegionCopy(c.first, c.image, far).ExtractJobResponse()).JobID), 32)
	})
}

func (c *cloud) checkOwn() {
	works("list images, with filters", func() {
		listed := c.list(cloudimages.ListOpts{
			Imagetype: "private", Status: "active", OsType: "Linux", Platform: "CentOS", OsBit: "64", Tag: "k=v",
			Name: "web", MinDisk: 60, EnterpriseProjectID: "all_granted_eps", SortKey: "name", SortDir: "asc",
			CreatedAtQuery: &cloudimages.ImageDateQuery{Date: time.Unix(0, 0).UTC(), Filter: cloudimages.FilterGT},
		})
		equal(len(listed), 1)
		equal(listed[0].ID, c.image)
	})
	works("pages by marker, to the empty one", func() {
		options, seen := cloudimages.ListOpts{Limit: 2}, map[string]bool{}
		for listed := c.list(options); len(listed) > 0; listed = c.list(options) {
			for _, image := range listed {
				seen[image.ID] = true
			}
			options.Marker = listed[len(listed)-1].ID
		}
		equal(len(seen), len(c.list(cloudimages.ListOpts{})))
	})
	works("update: numbers go as numbers", func() {
		for name, value := range map[string]any{"name": "app", "min_ram": 1024, "max_ram": 8192, "__description": ""} {
			change := cloudimages.UpdateImageProperty{Op: cloudimages.ReplaceOp, Name: name, Value: value}
			done(cloudimages.Update(c.ServiceClient, c.image, cloudimages.UpdateOpts{change}).Err)
		}
		image := c.list(cloudimages.ListOpts{ID: c.image})[0]
		equal(image.Name+" "+image.MaxRam+image.Description, "app 8192")
		equal(image.MinRam, 1024)
	})
	works("tags", func() {
		team := []tags.Tag{{Key: "team", Value: "blue"}}
		done(tags.BatchAction(c.ServiceClient, c.image, tags.BatchOpts{Action: tags.ActionCreate, Tags: team}).Err)
		all := append([]tags.Tag{{Key: "k", Value: "v"}}, team...)
		equal(must(tags.Get(c.ServiceClient, c.image).Extract()).Tags, all)
		done(tags.BatchAction(c.ServiceClient, c.image, tags.BatchOpts{Action: tags.ActionDelete, Tags: team}).Err)
		equal(must(tags.Get(c.ServiceClient, c.image).Extract()).Tags, all[:1])
	})
}

func (c *cloud) checkNative() {
	works("upload, then download the same bytes", func() {
		options := images.CreateOpts{Name: "native", DiskFormat: "qcow2", ContainerFormat: "bare", MinDisk: 50}
		id := must(images.Create(c.ServiceClient, options).Extract()).ID
		content := []byte("image")
		done(imagedata.Upload(c.ServiceClient, id, bytes.NewReader(content)).ExtractErr())
		image := must(images.Get(c.ServiceClient, id).Extract())
		equal(image.Status, images.ImageStatusActive)
		equal(image.SizeBytes, int64(len(content)))
		body := must(imagedata.Download(c.ServiceClient, id).Extract())
		defer body.Close()
		equal(must(io.ReadAll(body)), content)
	})
	works("update and list, native", func() {
		change := images.UpdateOpts{
			images.ReplaceImageName{NewName: "app2"}, images.ReplaceImageTags{NewTags: []string{"green"}},
		}
		equal(must(images.Update(c.ServiceClient, c.image, change).Extract()).Name, "app2")
		page := must(images.List(c.ServiceClient, images.ListOpts{Name: "app2", Limit: 1}).AllPages())
		equal(must(images.ExtractImages(page))[0].ID, c.image)
	})
	works("share, and accept with a password in the other project", func() {
		options := must(openstack.AuthOptionsFromEnv())
		options.Username, options.TenantName = "alt", "alt"
		other := must(connect(options))
		equal(must(members.Create(c.ServiceClient, c.image, other.ProjectID).Extract()).Status, "pending")
		accepted := members.Update(other, c.image, other.ProjectID, members.UpdateOpts{Status: "accepted"})
		equal(must(accepted.Extract()).Status, "accepted")
		listed := must(members.ExtractMembers(must(members.List(c.ServiceClient, c.image).AllPages())))
		equal(listed[0].MemberID, other.ProjectID)
		equal(must(members.Get(c.ServiceClient, c.image, other.ProjectID).Extract()).Status, "accepted")
		done(members.Delete(c.ServiceClient, c.image, other.ProjectID).ExtractErr())
	})
	works("delete, and the image is gone from the list", func() {
		done(images.Delete(c.ServiceClient, c.image).ExtractErr())
		equal(len(c.list(cloudimages.ListOpts{ID: c.image})), 0)
	})
}

func (c *cloud) checkErrors() {
	refused("an image that does not exist", "404 is an ErrDefault404", func() {
		_, err := images.Get(c.ServiceClient, server).Extract()
		equal(raises[golangsdk.ErrDefault404](err).RequestId != "", true)
	})
	refused("a disk below the minimum", "ErrDefault400; its body has the service's code, IMG.0055", func() {
		_, err := images.Create(c.ServiceClient, images.CreateOpts{Name: "a", MinDisk: 39}).Extract()
		equal(bytes.Contains(raises[golangsdk.ErrDefault400](err).Body, []byte(`"IMG.0055"`)), true)
	})
	refused("a replaced attribute that the image does not have", "ErrDefault400 with IMG.0035", func() {
		image := c.list(cloudimages.ListOpts{Name: "native"})[0]
		change := cloudimages.UpdateImageProperty{Op: cloudimages.ReplaceOp, Name: "max_ram", Value: 4096}
		err := cloudimages.Update(c.ServiceClient, image.ID, cloudimages.UpdateOpts{change}).Err
		equal(bytes.Contains(raises[golangsdk.ErrDefault400](err).Body, []byte(`"IMG.0035"`)), true)
	})
	refused("a wrong secret key", "ErrDefault401", func() {
		options := keyOptions()
		options.SecretKey = "wrong"
		_, err := connect(options)
		raises[golangsdk.ErrDefault401](err)
	})
	refused("other ways to sign", "ErrDefault401: IMS's clients sign with SDK-HMAC-SHA256, and the mock verifies no other", func() {
		for _, algorithm := range []string{signer.HmacSM3, signer.EcdsaP256SHA256} {
			options := keyOptions()
			options.SigningAlgorithm = algorithm
			_, err := connect(options)
			raises[golangsdk.ErrDefault401](err)
		}
		options := keyOptions()
		options.IsDerived, options.DerivedAuthServiceName = true, "ims"
		_, err := connect(options)
		raises[golangsdk.ErrDefault401](err)
	})
	refused("a wrong password", "ErrDefault401", func() {
		options := must(openstack.AuthOptionsFromEnv())
		options.Password = "wrong"
		_, err := connect(options)
		raises[golangsdk.ErrDefault401](err)
	})
}
