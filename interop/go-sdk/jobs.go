package main

import (
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
)

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
		// The mock alone is each region.
		equal(made(cross.JobId).Name, "far")
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
