// A program with the release of the Huawei Cloud SDK for Go that Packer's plugin uses: it makes the plugin's calls.
//
// The SDK reads the key, the project and the endpoint from variables that "ims-mock env go" prints.
package main

import (
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	ims "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/region"
)

const (
	server = "877a2cda-ba63-4e1e-b95f-e67e48b6129a"
	volume = "b3f7a2de-29b4-4b1e-8a3d-4e1c9f6a7b58"
	friend = "7be1d20c94f34a0d8e5c6b3a2f1e0d9c"
)

// wait asks for a job each second until it has ended, at most ten times.
func wait(client *ims.ImsClient, jobID string) (*model.JobEntities, error) {
	statuses := model.GetShowJobResponseStatusEnum()
	for range 10 {
		job, err := client.ShowJob(&model.ShowJobRequest{JobId: jobID})
		if err != nil {
			return nil, err
		}
		switch of(job.Status) {
		case statuses.SUCCESS:
			return job.Entities, nil
		case statuses.FAIL:
			return nil, errors.New(of(job.FailReason))
		}
		time.Sleep(time.Second)
	}
	return nil, errors.New("the job has not ended")
}

// newest returns the newest image of a name, as the plugin looks for its source image.
func newest(client *ims.ImsClient, name string) model.ImageInfo {
	images := of(must(client.ListImages(&model.ListImagesRequest{
		Name:      &name,
		Imagetype: new(model.GetListImagesRequestImagetypeEnum().PRIVATE),
		SortKey:   new(model.GetListImagesRequestSortKeyEnum().CREATED_AT),
		SortDir:   new(model.GetListImagesRequestSortDirEnum().DESC),
		Tag:       new("k=v"),
	})).Images)
	return images[0]
}

func main() {
	client := ims.NewImsClient(ims.ImsClientBuilder().WithRegion(region.ValueOf("cn-north-4")).Build())
	tags := &[]model.TagKeyValue{{Key: "k", Value: "v"}}
	image := ""
	works("image of a server, and the newest of its name", func() {
		for range 2 {
			body := &model.CreateImageRequestBody{Name: "packer", InstanceId: new(server), ImageTags: tags}
			started := must(client.CreateImage(&model.CreateImageRequest{Body: body}))
			image = of(must(wait(client, of(started.JobId))).ImageId)
		}
		equal(newest(client, "packer").DataOrigin, new("instance,"+server))
		shown := of(must(client.ListImages(&model.ListImagesRequest{Id: &image})).Images)
		equal(shown[0].MinDisk > 0, true)
		equal(shown[0].Tags, []string{"k=v"})
	})
	works("data image, with an empty name and tags beside it", func() {
		body := &model.CreateImageRequestBody{
			DataImages: &[]model.CreateDataImage{{Name: "data", VolumeId: volume}}, ImageTags: tags,
		}
		started := must(client.CreateImage(&model.CreateImageRequest{Body: body}))
		results := of(must(wait(client, of(started.JobId))).SubJobsResult)
		data := of(must(client.ListImages(&model.ListImagesRequest{Id: of(results[0].Entities).ImageId})).Images)
		equal(data[0].VirtualEnvType.Value(), "DataImage")
	})
	works("full-server image", func() {
		body := &model.CreateWholeImageRequestBody{Name: "whole", InstanceId: new(server), VaultId: new(volume)}
		started := must(client.CreateWholeImage(&model.CreateWholeImageRequest{Body: body}))
		equal(len(of(must(wait(client, of(started.JobId))).ImageId)), 36)
	})
	works("share without waiting for the job", func() {
		body := &model.BatchAddMembersRequestBody{Images: []string{image}, Projects: []string{friend}}
		must(client.BatchAddMembers(&model.BatchAddMembersRequest{Body: body}))
		members := must(client.GlanceListImageMembers(&model.GlanceListImageMembersRequest{ImageId: image})).Members
		equal(of(members)[0].MemberId, friend)
	})
	works("delete", func() {
		must(client.GlanceDeleteImage(&model.GlanceDeleteImageRequest{ImageId: image}))
		equal(len(of(must(client.ListImages(&model.ListImagesRequest{Id: &image})).Images)), 0)
	})
	refused("an image that is gone", "404 is a ServiceResponseError with a request id", func() {
		_, err := client.GlanceDeleteImage(&model.GlanceDeleteImageRequest{ImageId: image})
		found := raises[*sdkerr.ServiceResponseError](err)
		equal(found.StatusCode, http.StatusNotFound)
		equal(found.RequestId != "", true)
	})
	if isBroken {
		os.Exit(1)
	}
}
