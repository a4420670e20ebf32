package main

import (
	"net/http"
	"os"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	ims "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
)

const (
	server = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
	volume = "b3f7a2de-29b4-4b1e-8a3d-4e1c9f6a7b58"
	file   = "bucket:disk.zvhd2"
	centos = "CentOS 7.0 64bit"
)

// cloud is what the checks share: the client of the owner, that of a second project, and an active image.
type cloud struct {
	*ims.ImsClient
	other   *ims.ImsClient
	project string
	image   string
}

// check calls all methods of the client.
func check(client *ims.ImsClient) {
	c := &cloud{ImsClient: client}
	c.checkProject()
	if c.other == nil {
		return
	}
	c.checkService()
	c.checkImages()
	c.checkLists()
	c.checkTags()
	c.checkMembers()
	c.checkJobs()
	c.checkErrors()
}

// checkProject lets the SDK find the project of a key that names none.
func (c *cloud) checkProject() {
	find := func(override string) (*basic.Credentials, *ims.ImsClient, error) {
		builder := basic.NewCredentialsBuilder().WithAk("alt-ak").WithSk("alt-sk")
		credential := must(builder.WithIamEndpointOverride(override).SafeBuild())
		client, err := connect(credential)
		return credential, client, err
	}
	name := "identity service, from the environment alone"
	if strings.HasPrefix(os.Getenv("HUAWEICLOUD_SDK_IAM_ENDPOINT"), "https://") {
		works(name, func() {
			_, client, err := find("")
			must(client, err)
		})
	} else {
		note := "0.1.207 puts https:// before HUAWEICLOUD_SDK_IAM_ENDPOINT unless it begins with https://, so a URL " +
			"with http:// becomes https://http://; WithIamEndpointOverride takes it as it is"
		fails(name, note, func() {
			_, _, err := find("")
			equal(err != nil && strings.Contains(err.Error(), `"https://http/`), true)
		})
	}
	works("project of a key, from the identity service", func() {
		credential, client, err := find(os.Getenv("HUAWEICLOUD_SDK_IAM_ENDPOINT"))
		c.other, c.project = must(client, err), credential.ProjectId
		equal(len(c.project), 32)
	})
}

// job waits for a job, and returns the id of its image.
func (c *cloud) job(id *string) string {
	job := must(wait(c.ImsClient, of(id)))
	equal(job.Status.Value(), "SUCCESS")
	return of(of(job.Entities).ImageId)
}

// show returns an image with all its attributes.
func (c *cloud) show(id string) model.ImageInfo {
	images := of(must(c.ListImages(&model.ListImagesRequest{Id: &id})).Images)
	equal(len(images), 1)
	return images[0]
}

func (c *cloud) checkService() {
	works("versions, with status 300", func() {
		listed := must(c.ListVersions(&model.ListVersionsRequest{}))
		equal(listed.HttpStatusCode, http.StatusMultipleChoices)
		shown := must(c.ShowVersion(&model.ShowVersionRequest{Version: "v2.0"}))
		equal(of(of(shown.Versions)[0].Id), "v2.0")
	})
	works("schemas", func() {
		image := must(c.GlanceShowImageSchemas(&model.GlanceShowImageSchemasRequest{}))
		images := must(c.GlanceListImageSchemas(&model.GlanceListImageSchemasRequest{}))
		member := must(c.GlanceShowImageMemberSchemas(&model.GlanceShowImageMemberSchemasRequest{}))
		members := must(c.GlanceListImageMemberSchemas(&model.GlanceListImageMemberSchemasRequest{}))
		names := []string{of(image.Name), of(images.Name), of(member.Name), of(members.Name)}
		equal(names, []string{"image", "images", "member", "members"})
	})
	works("OS versions: a list at the top of the body", func() {
		groups := of(must(c.ListOsVersions(&model.ListOsVersionsRequest{Tag: new("arm,uefi")})).Body)
		first := groups[0].VersionList[0]
		equal(first.Platform, groups[0].Platform)
		equal(first.OsBit, 64)
	})
	works("quota", func() {
		quota := of(must(c.ShowImageQuota(&model.ShowImageQuotaRequest{})).Quotas).Resources[0]
		equal(quota, model.QuotaInfo{Type: "image", Used: 0, Quota: 1000, Min: 1, Max: 1000})
	})
}
