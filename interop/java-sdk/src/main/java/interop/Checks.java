package interop;

import static interop.Report.equal;

import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.*;
import java.util.List;
import java.util.concurrent.Callable;

/** What the checks of both APIs have in common. */
abstract class Checks {
  final Report report;
  final Users users;
  final Caller demo;
  final Caller alt;

  Checks(Report report, Users users) {
    this.report = report;
    this.users = users;
    this.demo = users.demo();
    this.alt = users.alt();
  }

  void works(String check, Callable<?> body) {
    report.works(named(check), body);
  }

  <E extends ServiceResponseException> void refused(
      String check, Class<E> kind, int status, String code, Callable<?> body) {
    report.refused(
        named(check),
        kind,
        error -> {
          equal(error.getHttpStatusCode(), status);
          equal(error.getErrorCode(), code);
          equal(error.getErrorMsg().isEmpty(), false);
          equal(error.getRequestId().isEmpty(), false);
          return kind.getSimpleName() + ": " + status + ", " + code;
        },
        body);
  }

  final String named(String check) {
    return check + ", " + users.mode();
  }

  GlanceShowImageResponse show(String id) {
    var request = new GlanceShowImageRequest().withImageId(id);
    return demo.call(ImsClient::glanceShowImage, ImsAsyncClient::glanceShowImageAsync, request);
  }

  List<ImageInfo> images(ListImagesRequest request) {
    return demo.call(ImsClient::listImages, ImsAsyncClient::listImagesAsync, request).getImages();
  }

  ShowJobResponse success(String jobId) {
    var job = Jobs.await(demo, jobId);
    equal(job.getStatus(), ShowJobResponse.StatusEnum.SUCCESS);
    equal(job.getJobId(), jobId);
    return job;
  }

  List<GlanceImageMembers> members(String id) {
    var request = new GlanceListImageMembersRequest().withImageId(id);
    return demo.call(
            ImsClient::glanceListImageMembers, ImsAsyncClient::glanceListImageMembersAsync, request)
        .getMembers();
  }

  String memberStatus(String id) {
    var request =
        new GlanceShowImageMemberRequest().withImageId(id).withMemberId(users.altProject());
    return demo.call(
            ImsClient::glanceShowImageMember, ImsAsyncClient::glanceShowImageMemberAsync, request)
        .getStatus();
  }

  final Object delete(String id) {
    var request = new GlanceDeleteImageRequest().withImageId(id);
    var response =
        demo.call(ImsClient::glanceDeleteImage, ImsAsyncClient::glanceDeleteImageAsync, request);
    equal(response.getHttpStatusCode(), 204);
    equal(images(new ListImagesRequest().withId(id)), List.of());
    return response;
  }
}
