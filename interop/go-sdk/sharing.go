package main

import (
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
)

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
