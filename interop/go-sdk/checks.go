package main

import (
	"net/http"
	"os"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/invoker/retry"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
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
	if strings.HasPrefix(os.Getenv("HUAWEICLOUD_SDK_IAM_ENDPOINT"), "http://") {
		note := "0.1.207 puts https:// before HUAWEICLOUD_SDK_IAM_ENDPOINT unless it begins with https://, so a URL " +
			"with http:// becomes https://http://; WithIamEndpointOverride takes it as it is"
		fails("identity service over HTTP, from the environment alone", note, func() {
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

func (c *cloud) checkImages() {
	works("create metadata, and show it", func() {
		created := must(c.GlanceCreateImageMetadata(&model.GlanceCreateImageMetadataRequest{
			Body: &model.GlanceCreateImageMetadataRequestBody{
				Name: new("web"), OsVersion: new(centos), MinDisk: new(int32(50)), Tags: &[]string{"k=v"},
				DiskFormat: new(model.GetGlanceCreateImageMetadataRequestBodyDiskFormatEnum().ZVHD2),
			},
		}))
		equal(created.HttpStatusCode, http.StatusCreated)
		equal(of(created.OsBit).Value()+" "+of(created.Platform), "64 CentOS")
		c.image = of(created.Id)
		shown := must(c.GlanceShowImage(&model.GlanceShowImageRequest{ImageId: c.image}))
		equal(of(shown.Status), model.GetGlanceShowImageResponseStatusEnum().QUEUED)
		equal(of(shown.MinDisk), 50)
	})
	works("register a file, by a job", func() {
		body := &model.RegisterImageRequestBody{ImageUrl: file}
		started := must(c.RegisterImage(&model.RegisterImageRequest{ImageId: c.image, Body: body}))
		equal(c.job(started.JobId), c.image)
		equal(c.show(c.image).ActiveAt != "", true)
	})
	works("update, native", func() {
		updated := must(c.GlanceUpdateImage(&model.GlanceUpdateImageRequest{
			ImageId: c.image,
			Body: &[]model.GlanceUpdateImageRequestBody{
				{Op: model.GetGlanceUpdateImageRequestBodyOpEnum().REPLACE, Path: "/name", Value: new("app")},
				{Op: model.GetGlanceUpdateImageRequestBodyOpEnum().ADD, Path: "/team", Value: new("blue")},
				{Op: model.GetGlanceUpdateImageRequestBodyOpEnum().REMOVE, Path: "/team"},
			},
		}))
		equal(of(updated.Name), "app")
	})
	works("update, in IMS's own API: numbers go as text", func() {
		replace := model.GetUpdateImageRequestBodyOpEnum().REPLACE
		updated := must(c.UpdateImage(&model.UpdateImageRequest{
			ImageId: c.image,
			Body: &[]model.UpdateImageRequestBody{
				{Op: replace, Path: "/min_ram", Value: "1024"},
				{Op: model.GetUpdateImageRequestBodyOpEnum().ADD, Path: "/__description", Value: "text"},
			},
		}))
		equal(of(updated.MinRam), 1024)
		equal(of(updated.Description), "text")
	})
	works("delete, and the image is gone from the list", func() {
		body := &model.GlanceCreateImageMetadataRequestBody{Name: new("short-lived")}
		created := must(c.GlanceCreateImageMetadata(&model.GlanceCreateImageMetadataRequest{Body: body}))
		deleted := must(c.GlanceDeleteImage(&model.GlanceDeleteImageRequest{ImageId: of(created.Id)}))
		equal(deleted.HttpStatusCode, http.StatusNoContent)
		equal(len(of(must(c.ListImages(&model.ListImagesRequest{Id: created.Id})).Images)), 0)
	})
}

func (c *cloud) checkLists() {
	works("list images, with filters", func() {
		listed := of(must(c.ListImages(&model.ListImagesRequest{
			Imagetype: new(model.GetListImagesRequestImagetypeEnum().PRIVATE),
			Status:    new(model.GetListImagesRequestStatusEnum().ACTIVE),
			OsType:    new(model.GetListImagesRequestOsTypeEnum().LINUX),
			OsBit:     new(model.GetListImagesRequestOsBitEnum().E_64),
			Platform:  new(model.GetListImagesRequestPlatformEnum().CENT_OS),
			MinDisk:   new(int32(50)), MinRam: new(int32(1024)), Tag: new("k=v"), Protected: new(false),
			CreatedAt: new("gte:2020-01-01T00:00:00Z"), EnterpriseProjectId: new("all_granted_eps"),
			VirtualEnvType: new(model.GetListImagesRequestVirtualEnvTypeEnum().FUSION_COMPUTE),
		})).Images)
		equal(len(listed), 1)
		equal(listed[0].Id, c.image)
		equal(listed[0].Tags, []string{"k=v"})
	})
	works("pages by marker, to the empty one", func() {
		for range 4 {
			body := &model.GlanceCreateImageMetadataRequestBody{Name: new("page")}
			must(c.GlanceCreateImageMetadata(&model.GlanceCreateImageMetadataRequest{Body: body}))
		}
		request := &model.ListImagesRequest{Name: new("page"), Limit: new(int32(3))}
		seen := map[string]bool{}
		for {
			images := of(must(c.ListImages(request)).Images)
			if len(images) == 0 {
				break
			}
			for _, image := range images {
				seen[image.Id] = true
			}
			request.Marker = &images[len(images)-1].Id
		}
		equal(len(seen), 4)
	})
	works("list images, native, newest first", func() {
		listed := must(c.GlanceListImages(&model.GlanceListImagesRequest{
			Limit: new(int32(1)), SortKey: new("created_at"), SortDir: new("desc"), Name: new("page"),
		}))
		equal(of(listed.Images)[0].Name, "page")
		equal(of(listed.Next) != "", true)
	})
	works("sort by status: the SDK's constant ends with a blank", func() {
		status := model.GetListImagesRequestSortKeyEnum().STATUS
		equal(status.Value(), "status ")
		ascending := new(model.GetListImagesRequestSortDirEnum().ASC)
		listed := of(must(c.ListImages(&model.ListImagesRequest{SortKey: &status, SortDir: ascending})).Images)
		equal(listed[0].Status.Value(), "active")
	})
	works("retry by an invoker", func() {
		asked := 0
		again := func(_ interface{}, err error) bool { asked++; return err != nil }
		call := c.GlanceShowImageInvoker(&model.GlanceShowImageRequest{ImageId: server})
		call.WithRetry(2, again, new(retry.None))
		_, err := call.Invoke()
		equal(raises[*sdkerr.ServiceResponseError](err).StatusCode, http.StatusNotFound)
		equal(asked, 2)
	})
}

func (c *cloud) checkTags() {
	tags := func() []model.ResourceTag {
		return of(must(c.ListImageTags(&model.ListImageTagsRequest{ImageId: c.image})).Tags)
	}
	works("tags without a value, native", func() {
		must(c.GlanceCreateTag(&model.GlanceCreateTagRequest{ImageId: c.image, Tag: "two words"}))
		equal(c.show(c.image).Tags, []string{"k=v", "two words"})
		must(c.GlanceDeleteTag(&model.GlanceDeleteTagRequest{ImageId: c.image, Tag: "two words"}))
		equal(c.show(c.image).Tags, []string{"k=v"})
	})
	works("tags of an image", func() {
		added := model.ResourceTag{Key: "team", Value: "blue"}
		must(c.AddImageTag(&model.AddImageTagRequest{ImageId: c.image, Body: &model.AddImageTagRequestBody{Tag: &added}}))
		equal(tags(), []model.ResourceTag{{Key: "k", Value: "v"}, added})
		must(c.DeleteImageTag(&model.DeleteImageTagRequest{ImageId: c.image, Key: "team"}))
		body := &model.AddOrUpdateTagsRequestBody{ImageId: c.image, ImageTag: &added}
		must(c.CreateOrUpdateTags(&model.CreateOrUpdateTagsRequest{Body: body}))
		equal(tags(), []model.ResourceTag{{Key: "k", Value: "v"}, added})
		equal(of(must(c.ListTags(&model.ListTagsRequest{Limit: new(int32(10)), Page: new(int32(1))})).Tags),
			[]string{"k=v", "team=blue"})
	})
	works("several tags at once", func() {
		several := []model.ResourceTag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}
		actions := model.GetBatchAddOrDeleteTagsRequestBodyActionEnum()
		body := &model.BatchAddOrDeleteTagsRequestBody{Action: actions.CREATE, Tags: several}
		must(c.BatchAddOrDeleteTags(&model.BatchAddOrDeleteTagsRequest{ImageId: c.image, Body: body}))
		equal(len(tags()), 4)
		must(c.BatchDeleteTags(&model.BatchDeleteTagsRequest{
			ImageId: c.image, Body: &model.BatchDeleteTagsRequestBody{Tags: several},
		}))
		equal(len(tags()), 2)
	})
	works("images by tags", func() {
		actions := model.GetListImageByTagsRequestBodyActionEnum()
		body := &model.ListImageByTagsRequestBody{
			Action: actions.FILTER, Limit: new("10"), Offset: new("0"),
			Tags: &[]model.Tags{{Key: "team", Values: []string{"red", "blue"}}},
		}
		filtered := must(c.ListImageByTags(&model.ListImageByTagsRequest{Body: body}))
		equal(of(filtered.Resources)[0].ResourceId, c.image)
		equal(of(filtered.Resources)[0].ResourceName, "app")
		counted := must(c.ListImageByTags(&model.ListImageByTagsRequest{
			Body: &model.ListImageByTagsRequestBody{Action: actions.COUNT, Tags: body.Tags},
		}))
		equal(of(counted.TotalCount), 1)
		project := of(must(c.ListImagesTags(&model.ListImagesTagsRequest{})).Tags)
		equal(project, []model.Tags{{Key: "k", Values: []string{"v"}}, {Key: "team", Values: []string{"blue"}}})
	})
}

func (c *cloud) checkMembers() {
	works("members, native: shared, accepted by the other project, and removed", func() {
		body := &model.GlanceAddImageMemberRequestBody{Member: c.project}
		added := must(c.GlanceAddImageMember(&model.GlanceAddImageMemberRequest{ImageId: c.image, Body: body}))
		equal(of(added.Status), "pending")
		accepted := must(c.other.GlanceUpdateImageMember(&model.GlanceUpdateImageMemberRequest{
			ImageId: c.image, MemberId: c.project,
			Body: &model.GlanceUpdateImageMemberRequestBody{
				Status: model.GetGlanceUpdateImageMemberRequestBodyStatusEnum().ACCEPTED,
			},
		}))
		equal(of(accepted.Status), "accepted")
		listed := must(c.GlanceListImageMembers(&model.GlanceListImageMembersRequest{ImageId: c.image}))
		equal(len(of(listed.Members)), 1)
		one := &model.GlanceShowImageMemberRequest{ImageId: c.image, MemberId: c.project}
		equal(of(must(c.GlanceShowImageMember(one)).MemberId), c.project)
		must(c.GlanceDeleteImageMember(&model.GlanceDeleteImageMemberRequest{ImageId: c.image, MemberId: c.project}))
		listed = must(c.GlanceListImageMembers(&model.GlanceListImageMembersRequest{ImageId: c.image}))
		equal(len(of(listed.Members)), 0)
	})
	works("members in IMS's own API, by jobs", func() {
		shared := &model.BatchAddMembersRequestBody{Images: []string{c.image}, Projects: []string{c.project}}
		added := must(c.BatchAddMembers(&model.BatchAddMembersRequest{Body: shared}))
		results := of(of(must(wait(c.ImsClient, of(added.JobId))).Entities).Results)
		equal(of(results[0].ProjectId)+" "+of(results[0].Status), c.project+" success")
		accepted := must(c.other.BatchUpdateMembers(&model.BatchUpdateMembersRequest{
			Body: &model.BatchUpdateMembersRequestBody{
				Images: []string{c.image}, ProjectId: c.project,
				Status: model.GetBatchUpdateMembersRequestBodyStatusEnum().ACCEPTED,
			},
		}))
		equal(must(wait(c.other, of(accepted.JobId))).Status.Value(), "SUCCESS")
		listed := must(c.ListImageMembers(&model.ListImageMembersRequest{ImageId: c.image, Limit: new(int32(5))}))
		equal(len(of(listed.Members)), 1)
		one := must(c.ShowImageMember(&model.ShowImageMemberRequest{ImageId: c.image, MemberId: c.project}))
		equal(of(one.Status)+" "+of(one.MemberType), "accepted project")
		deleted := must(c.BatchDeleteMembers(&model.BatchDeleteMembersRequest{Body: shared}))
		equal(must(wait(c.ImsClient, of(deleted.JobId))).Status.Value(), "SUCCESS")
	})
}

// quick is an import of a file that takes no conversion.
func quick(name string) *model.QuickImportImageByFileRequestBody {
	return &model.QuickImportImageByFileRequestBody{Name: name, OsVersion: centos, ImageUrl: file, MinDisk: 60}
}

func (c *cloud) checkJobs() {
	made := func(id *string) model.ImageInfo {
		image := c.show(c.job(id))
		equal(image.Status.Value(), "active")
		return image
	}
	works("system images, of a server, a disk and a file", func() {
		for origin, body := range map[string]model.CreateImageRequestBody{
			"instance," + server: {Name: new("a"), InstanceId: new(server)},
			"volume," + volume:   {Name: new("b"), VolumeId: new(volume), OsVersion: new(centos)},
			"file," + file:       {Name: new("c"), ImageUrl: new(file), OsVersion: new(centos), MinDisk: new(int32(60))},
		} {
			started := must(c.CreateImage(&model.CreateImageRequest{Body: &body}))
			equal(of(made(started.JobId).DataOrigin), origin)
			safe := must(c.CreateImageInSafeMode(&model.CreateImageInSafeModeRequest{Body: &body}))
			equal(of(made(safe.JobId).DataOrigin), origin)
		}
	})
	works("data images, of a disk and a file", func() {
		disks := &[]model.CreateDataImage{{Name: "data", VolumeId: volume}}
		started := must(c.CreateImage(&model.CreateImageRequest{Body: &model.CreateImageRequestBody{DataImages: disks}}))
		results := of(of(must(wait(c.ImsClient, of(started.JobId))).Entities).SubJobsResult)
		equal(c.show(of(of(results[0].Entities).ImageId)).VirtualEnvType.Value(), "DataImage")
		body := &model.CreateDataImageRequestBody{Name: "data", ImageUrl: file, MinDisk: 60}
		single := must(c.CreateDataImage(&model.CreateDataImageRequest{Body: body}))
		equal(made(single.JobId).VirtualEnvType.Value(), "DataImage")
		safe := must(c.CreateDataImageInSafeMode(&model.CreateDataImageInSafeModeRequest{Body: body}))
		equal(made(safe.JobId).MinDisk, 60)
	})
	works("full-server image", func() {
		body := &model.CreateWholeImageRequestBody{Name: "whole", InstanceId: server, VaultId: new(volume)}
		started := must(c.CreateWholeImage(&model.CreateWholeImageRequest{Body: body}))
		equal(of(made(started.JobId).BackupId) != "", true)
	})
	works("quick import of a file", func() {
		started := must(c.ImportImageQuick(&model.ImportImageQuickRequest{Body: quick("quick")}))
		equal(of(made(started.JobId).OsVersion), centos)
		safe := must(c.ImportImageQuickInSafeMode(&model.ImportImageQuickInSafeModeRequest{Body: quick("quick")}))
		equal(made(safe.JobId).Name, "quick")
	})
	works("copies, in the region and to another one", func() {
		body := &model.CopyImageInRegionRequestBody{Name: "copy", Description: new("text")}
		started := must(c.CopyImageInRegion(&model.CopyImageInRegionRequest{ImageId: c.image, Body: body}))
		equal(of(made(started.JobId).Description), "text")
		safe := must(c.CopyImageInRegionInSafeMode(
			&model.CopyImageInRegionInSafeModeRequest{ImageId: c.image, Body: body}))
		equal(made(safe.JobId).Name, "copy")
		cross := must(c.CopyImageCrossRegion(&model.CopyImageCrossRegionRequest{
			ImageId: c.image,
			Body: &model.CopyImageCrossRegionRequestBody{
				Name: "far", Region: "cn-south-1", ProjectName: "cn-south-1", AgencyName: "ims_copy",
			},
		}))
		equal(len(c.job(cross.JobId)), 36)
	})
	works("export, and the progress of its job", func() {
		vhd := model.GetExportImageRequestBodyFileFormatEnum().VHD
		body := &model.ExportImageRequestBody{BucketUrl: "bucket:app.vhd", FileFormat: vhd}
		started := must(c.ExportImage(&model.ExportImageRequest{ImageId: c.image, Body: body}))
		equal(c.job(started.JobId), c.image)
		body.BucketUrl = "bucket:copy.vhd"
		safe := must(c.ExportImageInSafeMode(&model.ExportImageInSafeModeRequest{ImageId: c.image, Body: body}))
		progress := must(c.ShowJobProgress(&model.ShowJobProgressRequest{JobId: of(safe.JobId)}))
		equal(of(of(progress.Entities).ProcessPercent), 1)
	})
}

func (c *cloud) checkErrors() {
	refusal := func(err error) *sdkerr.ServiceResponseError {
		typed := raises[*sdkerr.ServiceResponseError](err)
		equal(typed.RequestId != "" && typed.ErrorMessage != "", true)
		return typed
	}
	refused("an image that does not exist", "404 is a ServiceResponseError with its code", func() {
		_, err := c.GlanceShowImage(&model.GlanceShowImageRequest{ImageId: server})
		equal(refusal(err).StatusCode, http.StatusNotFound)
	})
	refused("a disk below the minimum", "400 with the service's code, IMG.0055", func() {
		body := &model.GlanceCreateImageMetadataRequestBody{MinDisk: new(int32(39))}
		_, err := c.GlanceCreateImageMetadata(&model.GlanceCreateImageMetadataRequest{Body: body})
		found := refusal(err)
		equal(found.StatusCode, http.StatusBadRequest)
		equal(found.ErrorCode, "IMG.0055")
	})
	refused("a replaced attribute that the image does not have", "400 IMG.0035", func() {
		change := model.UpdateImageRequestBody{
			Op: model.GetUpdateImageRequestBodyOpEnum().REPLACE, Path: "/max_ram", Value: "4096",
		}
		body := &[]model.UpdateImageRequestBody{change}
		_, err := c.UpdateImage(&model.UpdateImageRequest{ImageId: c.image, Body: body})
		equal(refusal(err).ErrorCode, "IMG.0035")
	})
	refused("a member that the owner accepts itself", "403", func() {
		body := &model.GlanceAddImageMemberRequestBody{Member: c.project}
		must(c.GlanceAddImageMember(&model.GlanceAddImageMemberRequest{ImageId: c.image, Body: body}))
		_, err := c.GlanceUpdateImageMember(&model.GlanceUpdateImageMemberRequest{
			ImageId: c.image, MemberId: c.project,
			Body: &model.GlanceUpdateImageMemberRequestBody{
				Status: model.GetGlanceUpdateImageMemberRequestBodyStatusEnum().ACCEPTED,
			},
		})
		equal(refusal(err).StatusCode, http.StatusForbidden)
	})
	refused("a wrong secret key", "401 with the gateway's code, APIGW.0301", func() {
		credential := must(basic.NewCredentialsBuilder().WithAk(os.Getenv("HUAWEICLOUD_SDK_AK")).WithSk("wrong").
			WithProjectId(os.Getenv("HUAWEICLOUD_SDK_PROJECT_ID")).SafeBuild())
		_, err := must(connect(credential)).ListImages(&model.ListImagesRequest{})
		found := refusal(err)
		equal(found.StatusCode, http.StatusUnauthorized)
		equal(found.ErrorCode, "APIGW.0301")
	})
	refused("another project's image", "404, as if it did not exist", func() {
		body := &model.GlanceCreateImageMetadataRequestBody{Name: new("theirs")}
		created := must(c.other.GlanceCreateImageMetadata(&model.GlanceCreateImageMetadataRequest{Body: body}))
		_, err := c.GlanceDeleteImage(&model.GlanceDeleteImageRequest{ImageId: of(created.Id)})
		equal(refusal(err).StatusCode, http.StatusNotFound)
	})
}
