package main

import (
	"net/http"
	"os"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
)

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
