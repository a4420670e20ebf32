package main

import (
	"net/http"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/invoker/retry"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
)

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
