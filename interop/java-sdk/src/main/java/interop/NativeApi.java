package interop;

import static interop.Report.equal;

import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.*;
import java.util.List;
import java.util.Set;

/** Checks of the native API of Glance, under /v2/images. */
final class NativeApi extends Checks {
  private String nativeId;

  NativeApi(Report report, Users users) {
    super(report, users);
  }

  void run() {
    schemas();
    images();
    tags();
    members();
    works("delete a native image", () -> delete(nativeId));
  }

  private void schemas() {
    works(
        "show the four schemas",
        () -> {
          var image =
              demo.call(
                  ImsClient::glanceShowImageSchemas,
                  ImsAsyncClient::glanceShowImageSchemasAsync,
                  new GlanceShowImageSchemasRequest());
          var images =
              demo.call(
                  ImsClient::glanceListImageSchemas,
                  ImsAsyncClient::glanceListImageSchemasAsync,
                  new GlanceListImageSchemasRequest());
          var member =
              demo.call(
                  ImsClient::glanceShowImageMemberSchemas,
                  ImsAsyncClient::glanceShowImageMemberSchemasAsync,
                  new GlanceShowImageMemberSchemasRequest());
          var members =
              demo.call(
                  ImsClient::glanceListImageMemberSchemas,
                  ImsAsyncClient::glanceListImageMemberSchemasAsync,
                  new GlanceListImageMemberSchemasRequest());
          equal(
              List.of(image.getName(), images.getName(), member.getName(), members.getName()),
              List.of("image", "images", "member", "members"));
          return image;
        });
    works(
        "page through native images by next",
        () -> {
          var request =
              new GlanceListImagesRequest()
                  .withLimit(7)
                  .withVisibility(GlanceListImagesRequest.VisibilityEnum.PUBLIC);
          var first = nativeImages(request);
          equal(first.getImages().size(), 7);
          var marker = first.getNext().replaceAll(".*[?&]marker=([^&]*).*", "$1");
          var second = nativeImages(request.withMarker(marker));
          equal(first.getImages().get(6).getId(), marker);
          equal(second.getImages().contains(first.getImages().get(6)), false);
          return second;
        });
  }

  private void images() {
    works(
        "create image metadata",
        () -> {
          var body =
              new GlanceCreateImageMetadataRequestBody()
                  .withName("web")
                  .withOsVersion("Ubuntu 14.04 server 64bit")
                  .withContainerFormat("bare")
                  .withDiskFormat(GlanceCreateImageMetadataRequestBody.DiskFormatEnum.VHD)
                  .withMinDisk(100)
                  .withMinRam(1024)
                  .withVisibility("private")
                  .withProtected(false)
                  .withTags(List.of("test=testvalue"));
          var image =
              demo.call(
                  ImsClient::glanceCreateImageMetadata,
                  ImsAsyncClient::glanceCreateImageMetadataAsync,
                  new GlanceCreateImageMetadataRequest().withBody(body));
          nativeId = image.getId();
          equal(image.getHttpStatusCode(), 201);
          equal(image.getStatus(), GlanceCreateImageMetadataResponse.StatusEnum.QUEUED);
          equal(image.getPlatform(), "Ubuntu");
          equal(image.getOsBit(), GlanceCreateImageMetadataResponse.OsBitEnum._64);
          equal(image.getTags(), List.of("test=testvalue"));
          equal(image.getMinDisk(), 100);
          return image;
        });
    works(
        "show an image",
        () -> {
          equal(show(nativeId).getName(), "web");
          equal(show(nativeId).getMinRam(), 1024);
          return nativeId;
        });
    works(
        "list native images with filters",
        () -> {
          var request =
              new GlanceListImagesRequest()
                  .withId(nativeId)
                  .withName("web")
                  .withTag("test=testvalue")
                  .withMinDisk(100)
                  .withMinRam(1024)
                  .withStatus(GlanceListImagesRequest.StatusEnum.QUEUED)
                  .withVisibility(GlanceListImagesRequest.VisibilityEnum.PRIVATE)
                  .withSortKey("name")
                  .withSortDir("asc");
          equal(nativeImages(request).getImages().size(), 1);
          return request;
        });
    works(
        "update a native image",
        () -> {
          var change =
              new GlanceUpdateImageRequestBody()
                  .withOp(GlanceUpdateImageRequestBody.OpEnum.REPLACE)
                  .withPath("/name")
                  .withValue("web2");
          var image =
              demo.call(
                  ImsClient::glanceUpdateImage,
                  ImsAsyncClient::glanceUpdateImageAsync,
                  new GlanceUpdateImageRequest().withImageId(nativeId).withBody(List.of(change)));
          equal(image.getName(), "web2");
          return image;
        });
    works(
        "register a file, and wait for the job",
        () -> {
          var body = new RegisterImageRequestBody().withImageUrl("ims-image:ubuntu.vhd");
          var request = new RegisterImageRequest().withImageId(nativeId).withBody(body);
          var job =
              success(
                  demo.call(ImsClient::registerImage, ImsAsyncClient::registerImageAsync, request)
                      .getJobId());
          equal(show(nativeId).getStatus(), GlanceShowImageResponse.StatusEnum.ACTIVE);
          return job;
        });
  }

  private void tags() {
    works(
        "add and delete a native tag",
        () -> {
          demo.call(
              ImsClient::glanceCreateTag,
              ImsAsyncClient::glanceCreateTagAsync,
              new GlanceCreateTagRequest().withImageId(nativeId).withTag("stable"));
          equal(Set.copyOf(show(nativeId).getTags()), Set.of("test=testvalue", "stable"));
          demo.call(
              ImsClient::glanceDeleteTag,
              ImsAsyncClient::glanceDeleteTagAsync,
              new GlanceDeleteTagRequest().withImageId(nativeId).withTag("stable"));
          equal(show(nativeId).getTags(), List.of("test=testvalue"));
          return nativeId;
        });
  }

  private void members() {
    works(
        "add, accept, show, list and delete a native member",
        () -> {
          var added =
              demo.call(
                  ImsClient::glanceAddImageMember,
                  ImsAsyncClient::glanceAddImageMemberAsync,
                  new GlanceAddImageMemberRequest()
                      .withImageId(nativeId)
                      .withBody(
                          new GlanceAddImageMemberRequestBody().withMember(users.altProject())));
          equal(added.getStatus(), "pending");
          var status = GlanceUpdateImageMemberRequestBody.StatusEnum.ACCEPTED;
          alt.call(
              ImsClient::glanceUpdateImageMember,
              ImsAsyncClient::glanceUpdateImageMemberAsync,
              new GlanceUpdateImageMemberRequest()
                  .withImageId(nativeId)
                  .withMemberId(users.altProject())
                  .withBody(new GlanceUpdateImageMemberRequestBody().withStatus(status)));
          equal(memberStatus(nativeId), "accepted");
          equal(members(nativeId).get(0).getMemberId(), users.altProject());
          demo.call(
              ImsClient::glanceDeleteImageMember,
              ImsAsyncClient::glanceDeleteImageMemberAsync,
              new GlanceDeleteImageMemberRequest()
                  .withImageId(nativeId)
                  .withMemberId(users.altProject()));
          equal(members(nativeId), List.of());
          return added;
        });
  }

  private GlanceListImagesResponse nativeImages(GlanceListImagesRequest request) {
    return demo.call(ImsClient::glanceListImages, ImsAsyncClient::glanceListImagesAsync, request);
  }
}
