package interop;

import static interop.Report.equal;

import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.*;
import java.util.List;
import java.util.Set;

/** Checks of the tags of an image, and of the projects that it is shared with. */
final class TagsAndMembers extends Checks {
  private final String imageId;

  TagsAndMembers(Report report, Users users, String imageId) {
    super(report, users);
    this.imageId = imageId;
  }

  void run() {
    tags();
    sharing();
  }

  private void tags() {
    works(
        "add, list and delete the tags of an image",
        () -> {
          addTag("key1", "value1");
          batch(BatchAddOrDeleteTagsRequestBody.ActionEnum.CREATE, "key2", "value2");
          equal(tagsOfImage(), List.of("key1=value1", "key2=value2"));
          batch(BatchAddOrDeleteTagsRequestBody.ActionEnum.DELETE, "key2", "value2");
          demo.call(
              ImsClient::deleteImageTag,
              ImsAsyncClient::deleteImageTagAsync,
              new DeleteImageTagRequest().withImageId(imageId).withKey("key1"));
          equal(tagsOfImage(), List.of());
          return imageId;
        });
    works(
        "list tags and images by tags",
        () -> {
          // The tag is of this run alone, as both runs share one project.
          addTag(users.mode(), "value");
          var tags =
              demo.call(
                      ImsClient::listImagesTags,
                      ImsAsyncClient::listImagesTagsAsync,
                      new ListImagesTagsRequest())
                  .getTags();
          equal(tags.contains(new Tags().withKey(users.mode()).withValues(List.of("value"))), true);
          var found = byTags(ListImageByTagsRequestBody.ActionEnum.FILTER);
          equal(found.getTotalCount(), 1);
          equal(found.getResources().get(0).getResourceId(), imageId);
          equal(byTags(ListImageByTagsRequestBody.ActionEnum.COUNT).getTotalCount(), 1);
          return found;
        });
    works(
        "set a tag, and list all tags",
        () -> {
          var body =
              new AddOrUpdateTagsRequestBody().withImageId(imageId).withTag("set." + users.mode());
          demo.call(
              ImsClient::createOrUpdateTags,
              ImsAsyncClient::createOrUpdateTagsAsync,
              new CreateOrUpdateTagsRequest().withBody(body));
          var tags =
              demo.call(
                      ImsClient::listTags,
                      ImsAsyncClient::listTagsAsync,
                      new ListTagsRequest().withLimit(100).withId(imageId))
                  .getTags();
          equal(Set.copyOf(tags), Set.of("set=" + users.mode(), users.mode() + "=value"));
          return tags;
        });
  }

  private void sharing() {
    works(
        "share images, accept them, and stop",
        () -> {
          var shared =
              new BatchAddMembersRequestBody()
                  .withImages(List.of(imageId))
                  .withProjects(List.of(users.altProject()));
          success(
              demo.call(
                      ImsClient::batchAddMembers,
                      ImsAsyncClient::batchAddMembersAsync,
                      new BatchAddMembersRequest().withBody(shared))
                  .getJobId());
          var accepted =
              new BatchUpdateMembersRequestBody()
                  .withImages(List.of(imageId))
                  .withProjectId(users.altProject())
                  .withStatus(BatchUpdateMembersRequestBody.StatusEnum.ACCEPTED);
          var jobId =
              alt.call(
                      ImsClient::batchUpdateMembers,
                      ImsAsyncClient::batchUpdateMembersAsync,
                      new BatchUpdateMembersRequest().withBody(accepted))
                  .getJobId();
          equal(Jobs.await(alt, jobId).getStatus(), ShowJobResponse.StatusEnum.SUCCESS);
          equal(memberStatus(imageId), "accepted");
          return success(
              demo.call(
                      ImsClient::batchDeleteMembers,
                      ImsAsyncClient::batchDeleteMembersAsync,
                      new BatchDeleteMembersRequest().withBody(shared))
                  .getJobId());
        });
    works(
        "find the project of an AK by its region's name",
        () -> {
          equal(users.altProject().matches("[0-9a-f]{32}"), true);
          return users.altProject();
        });
  }

  private void addTag(String key, String value) {
    var tag = new ResourceTag().withKey(key).withValue(value);
    demo.call(
        ImsClient::addImageTag,
        ImsAsyncClient::addImageTagAsync,
        new AddImageTagRequest()
            .withImageId(imageId)
            .withBody(new AddImageTagRequestBody().withTag(tag)));
  }

  private void batch(BatchAddOrDeleteTagsRequestBody.ActionEnum action, String key, String value) {
    var tag = new ResourceTag().withKey(key).withValue(value);
    var body = new BatchAddOrDeleteTagsRequestBody().withAction(action).withTags(List.of(tag));
    demo.call(
        ImsClient::batchAddOrDeleteTags,
        ImsAsyncClient::batchAddOrDeleteTagsAsync,
        new BatchAddOrDeleteTagsRequest().withImageId(imageId).withBody(body));
  }

  private List<String> tagsOfImage() {
    var request = new ListImageTagsRequest().withImageId(imageId);
    return demo
        .call(ImsClient::listImageTags, ImsAsyncClient::listImageTagsAsync, request)
        .getTags()
        .stream()
        .map(tag -> tag.getKey() + "=" + tag.getValue())
        .sorted()
        .toList();
  }

  private ListImageByTagsResponse byTags(ListImageByTagsRequestBody.ActionEnum action) {
    var tag = new Tags().withKey(users.mode()).withValues(List.of("value"));
    var body = new ListImageByTagsRequestBody().withAction(action).withTags(List.of(tag));
    return demo.call(
        ImsClient::listImageByTags,
        ImsAsyncClient::listImageByTagsAsync,
        new ListImageByTagsRequest().withBody(body));
  }
}
