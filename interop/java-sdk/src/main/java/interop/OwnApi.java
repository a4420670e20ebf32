package interop;

import static interop.Report.equal;

import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.*;
import java.util.List;
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
    new TagsAndMembers(report, users, imageId).run();
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
                  .withName("far")
                  .withRegion("cn-south-1")
                  .withProjectName("cn-south-1")
                  .withAgencyName("ims_admin_agency");
          var job =
              success(
                  demo.call(
                          ImsClient::copyImageCrossRegion,
                          ImsAsyncClient::copyImageCrossRegionAsync,
                          new CopyImageCrossRegionRequest().withImageId(imageId).withBody(body))
                      .getJobId());
          equal(job.getEntities().getImageName(), "far");
          // The mock alone is each region.
          equal(show(job.getEntities().getImageId()).getName(), "far");
          return job;
        });
  }

  private static ListImagesRequest publicImages() {
    return new ListImagesRequest().withVisibility(ListImagesRequest.VisibilityEnum.PUBLIC);
  }

  private String create(CreateImageRequestBody body) {
    var request = new CreateImageRequest().withBody(body);
    return demo.call(ImsClient::createImage, ImsAsyncClient::createImageAsync, request).getJobId();
  }
}
