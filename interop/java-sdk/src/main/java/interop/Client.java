package interop;

import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.GlanceCreateImageMetadataRequest;
import com.huaweicloud.sdk.ims.v2.model.GlanceCreateImageMetadataRequestBody;
import com.huaweicloud.sdk.ims.v2.model.ListImagesRequest;

/** Calls every method of the SDK, or one of them: {@code list}, {@code create} or {@code job}. */
public final class Client {
  private Client() {}

  public static void main(String[] args) {
    if (args.length == 0) {
      var report = new Report();
      new Life(report, Users.of(false)).run();
      new Life(report, Users.of(true)).run();
      // The threads of the HTTP client live for another minute.
      System.exit(report.isBroken() ? 1 : 0);
    }
    try {
      Report.print("returned", one(new Caller(Users.demoCredential(), false), args[0]));
    } catch (RuntimeException error) {
      Report.print("raised", error.getClass().getSimpleName(), "message", error.getMessage());
    }
    System.exit(0);
  }

  private static String one(Caller caller, String call) {
    return switch (call) {
      case "list" -> {
        var request = new ListImagesRequest().withLimit(50);
        var images = caller.call(ImsClient::listImages, ImsAsyncClient::listImagesAsync, request);
        yield Report.listed(images.getImages());
      }
      case "create" -> {
        var body = new GlanceCreateImageMetadataRequestBody().withName("web");
        var image =
            caller.call(
                ImsClient::glanceCreateImageMetadata,
                ImsAsyncClient::glanceCreateImageMetadataAsync,
                new GlanceCreateImageMetadataRequest().withBody(body));
        yield "status " + image.getHttpStatusCode() + ", image " + image.getStatus();
      }
      case "job" -> "job " + Jobs.await(caller, Jobs.importImage(caller, "web")).getStatus();
      default -> throw new IllegalArgumentException("must be list, create or job, got " + call);
    };
  }
}
