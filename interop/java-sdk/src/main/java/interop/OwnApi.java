package interop;

import static interop.Report.equal;

import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.*;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Checks of IMS's own API, under /v2/cloudimages. */
final class OwnApi extends Checks {
  private static final String SERVER = "877a2cda-ba63-4e1e-b95f-e67e48b6129a";
  private static final String VOLUME = "f5dee5a0-9d0e-4ab1-9e0f-5c8c5e2ce3b8";
  private static final String VAULT = "302a6ef9-c0a9-4f8c-8f2e-1e8ab1c6d0d4";

  private String imageId;

  OwnApi(Report report, Users users) {
    super(report, users);
  }

  void run() {
    describe();
    lists();
    images();
    jobs();
    tags();
    sharing();
    works("delete an image", () -> delete(imageId));
  }

  private void describe() {
    works(
        "list and show versions",
        () -> {
          var list =
              demo.call(
                  ImsClient::listVersions,
                  ImsAsyncClient::listVersionsAsync,
                  new ListVersionsRequest());
          equal(list.getHttpStatusCode(), 300);
          var version = list.getVersions().get(0).getId();
          var request = new ShowVersionRequest().withVersion(version);
          var shown = demo.call(ImsClient::showVersion, ImsAsyncClient::showVersionAsync, request);
          equal(shown.getVersions().get(0).getId(), version);
          return shown;
        });
    works(
        "show the quota",
        () -> {
          var response =
              demo.call(
                  ImsClient::showImageQuota,
                  ImsAsyncClient::showImageQuotaAsync,
                  new ShowImageQuotaRequest());
          var quota = response.getQuotas().getResources().get(0);
          equal(quota.getType(), "image");
          equal(quota.getUsed() <= quota.getQuota(), true);
          return quota;
        });
    works(
        "list OS versions by tag",
        () -> {
          var request = new ListOsVersionsRequest().withTag("arm");
          var response =
              demo.call(ImsClient::listOsVersions, ImsAsyncClient::listOsVersionsAsync, request);
          var version = response.getBody().get(0).getVersionList().get(0);
          equal(version.getPlatform(), response.getBody().get(0).getPlatform());
          return version.getOsBit().intValue();
        });
  }

  private void lists() {
    works(
        "list public images with filters",
        () -> {
          var request =
              new ListImagesRequest()
                  .withImagetype(ListImagesRequest.ImagetypeEnum.GOLD)
                  .withVisibility(ListImagesRequest.VisibilityEnum.PUBLIC)
                  .withPlatform(ListImagesRequest.PlatformEnum.UBUNTU)
                  .withOsType(ListImagesRequest.OsTypeEnum.LINUX)
                  .withOsBit(ListImagesRequest.OsBitEnum._64)
                  .withStatus(ListImagesRequest.StatusEnum.ACTIVE)
                  .withVirtualEnvType(ListImagesRequest.VirtualEnvTypeEnum.FUSIONCOMPUTE)
                  .withIsregistered(ListImagesRequest.IsregisteredEnum.TRUE)
                  .withArchitecture(ListImagesRequest.ArchitectureEnum.X86)
                  .withProtected(true)
                  .withSortKey(ListImagesRequest.SortKeyEnum.STATUS_)
                  .withSortDir(ListImagesRequest.SortDirEnum.DESC)
                  .withEnterpriseProjectId("all_granted_eps")
                  .withLimit(3);
          var images = images(request);
          equal(images.isEmpty(), false);
          for (var image : images) {
            equal(image.getPlatform(), ImageInfo.PlatformEnum.UBUNTU);
            equal(image.getVisibility(), ImageInfo.VisibilityEnum.PUBLIC);
          }
          return images;
        });
    works(
        "page through public images by marker",
        () -> {
          var all = images(publicImages());
          var seen = new TreeSet<String>();
          var page = images(publicImages().withLimit(7));
          while (!page.isEmpty()) {
            page.forEach(image -> equal(seen.add(image.getId()), true));
            var marker = page.get(page.size() - 1).getId();
            page = images(publicImages().withLimit(7).withMarker(marker));
          }
          equal(all.size() > 14, true);
          equal(seen.size(), all.size());
          return seen;
        });
  }

  private void images() {
    works(
        "import an image, and poll its job until it ends",
        () -> {
          var job = success(Jobs.importImage(demo, "imported"));
          imageId = job.getEntities().getImageId();
          equal(job.getJobType(), "imsImportImageJob");
          equal(show(imageId).getName(), "imported");
          return job;
        });
    works(
        "show the progress of a job",
        () -> {
          var jobId = Jobs.importImage(demo, "progress");
          var request = new ShowJobProgressRequest().withJobId(jobId);
          var running =
              demo.call(ImsClient::showJobProgress, ImsAsyncClient::showJobProgressAsync, request);
          equal(running.getStatus(), ShowJobProgressResponse.StatusEnum.INIT);
          var ended =
              demo.call(ImsClient::showJobProgress, ImsAsyncClient::showJobProgressAsync, request);
          equal(ended.getStatus(), ShowJobProgressResponse.StatusEnum.SUCCESS);
          equal(ended.getEntities().getProcessPercent(), 1.0);
          equal(ended.getEntities().getSubJobId().isEmpty(), false);
          return ended;
        });
    works(
        "update an image",
        () -> {
          var change =
              new UpdateImageRequestBody()
                  .withOp(UpdateImageRequestBody.OpEnum.REPLACE)
                  .withPath("/min_ram")
                  .withValue("2048");
          var image =
              demo.call(
                  ImsClient::updateImage,
                  ImsAsyncClient::updateImageAsync,
                  new UpdateImageRequest().withImageId(imageId).withBody(List.of(change)));
          equal(image.getMinRam(), 2048);
          return image;
        });
  }

  private void jobs() {
    works(
        "create a system image of a server",
        () -> {
          var body = new CreateImageRequestBody().withName("system").withInstanceId(SERVER);
          var job = success(create(body));
          equal(show(job.getEntities().getImageId()).getDataOrigin(), "instance," + SERVER);
          return job;
        });
    works(
        "create data images of volumes",
        () -> {
          var data = new CreateDataImage().withName("data").withVolumeId(VOLUME);
          var job = success(create(new CreateImageRequestBody().withDataImages(List.of(data))));
          var part = job.getEntities().getSubJobsResult().get(0);
          equal(part.getStatus(), SubJobResult.StatusEnum.SUCCESS);
          equal(show(part.getEntities().getImageId()).getDataOrigin(), "volume," + VOLUME);
          return job;
        });
    works(
        "import a data image",
        () -> {
          var body =
              new CreateDataImageRequestBody()
                  .withName("data")
                  .withImageUrl("ims-image:data.qcow2")
                  .withOsType(CreateDataImageRequestBody.OsTypeEnum.LINUX)
                  .withMinDisk(40);
          var job =
              success(
                  demo.call(
                          ImsClient::createDataImage,
                          ImsAsyncClient::createDataImageAsync,
                          new CreateDataImageRequest().withBody(body))
                      .getJobId());
          equal(
              show(job.getEntities().getImageId()).getVirtualEnvType(),
              GlanceShowImageResponse.VirtualEnvTypeEnum.DATAIMAGE);
          return job;
        });
    works(
        "import an image quickly",
        () -> {
          var body =
              new QuickImportImageByFileRequestBody()
                  .withName("quick")
                  .withType(QuickImportImageByFileRequestBody.TypeEnum.ECS)
                  .withImageUrl("ims-image:centos70.zvhd2")
                  .withOsVersion("CentOS 7.0 64bit")
                  .withMinDisk(40);
          return success(
              demo.call(
                      ImsClient::importImageQuick,
                      ImsAsyncClient::importImageQuickAsync,
                      new ImportImageQuickRequest().withBody(body))
                  .getJobId());
        });
    works(
        "create a whole image of a server",
        () -> {
          var body =
              new CreateWholeImageRequestBody()
                  .withName("whole")
                  .withInstanceId(SERVER)
                  .withVaultId(VAULT);
          return success(
              demo.call(
                      ImsClient::createWholeImage,
                      ImsAsyncClient::createWholeImageAsync,
                      new CreateWholeImageRequest().withBody(body))
                  .getJobId());
        });
    works(
        "export an image",
        () -> {
          var body =
              new ExportImageRequestBody()
                  .withBucketUrl("ims-image:" + users.mode() + ".qcow2")
                  .withFileFormat(ExportImageRequestBody.FileFormatEnum.QCOW2);
          return success(
              demo.call(
                      ImsClient::exportImage,
                      ImsAsyncClient::exportImageAsync,
                      new ExportImageRequest().withImageId(imageId).withBody(body))
                  .getJobId());
        });
    works(
        "copy an image in its region",
        () -> {
          var body = new CopyImageInRegionRequestBody().withName("copy").withDescription("a copy");
          var job =
              success(
                  demo.call(
                          ImsClient::copyImageInRegion,
                          ImsAsyncClient::copyImageInRegionAsync,
                          new CopyImageInRegionRequest().withImageId(imageId).withBody(body))
                      .getJobId());
          equal(show(job.getEntities().getImageId()).getDescription(), "a copy");
          return job;
        });
    works(
        "copy an image to another region",
        () -> {
          var body =
              new CopyImageCrossRegionRequestBody()
                  .withName("copy")
                  .withRegion("cn-south-1")
                  .withProjectName("cn-south-1")
                  .withAgencyName("ims_admin_agency");
          return success(
              demo.call(
                      ImsClient::copyImageCrossRegion,
                      ImsAsyncClient::copyImageCrossRegionAsync,
                      new CopyImageCrossRegionRequest().withImageId(imageId).withBody(body))
                  .getJobId());
        });
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

  private static ListImagesRequest publicImages() {
    return new ListImagesRequest().withVisibility(ListImagesRequest.VisibilityEnum.PUBLIC);
  }

  private String create(CreateImageRequestBody body) {
    var request = new CreateImageRequest().withBody(body);
    return demo.call(ImsClient::createImage, ImsAsyncClient::createImageAsync, request).getJobId();
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
