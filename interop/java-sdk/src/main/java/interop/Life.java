package interop;

import static interop.Report.equal;

import com.huaweicloud.sdk.core.exception.ClientRequestException;
import com.huaweicloud.sdk.core.exception.ConnectionException;
import com.huaweicloud.sdk.core.region.Region;
import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.*;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The life of some images, which calls every method of one of the two clients. */
final class Life extends Checks {
  private static final String NO_IMAGE = "00000000-0000-4000-8000-000000000000";

  Life(Report report, Users users) {
    super(report, users);
  }

  void run() {
    new NativeApi(report, users).run();
    new OwnApi(report, users).run();
    errors();
    works("every method was called", this::everyMethodWasCalled);
  }

  private void errors() {
    refused(
        "show an unknown image",
        ClientRequestException.class,
        404,
        "IMG.0144",
        () -> show(NO_IMAGE));
    refused(
        "create an image with a small disk",
        ClientRequestException.class,
        400,
        "IMG.0055",
        () ->
            demo.call(
                ImsClient::glanceCreateImageMetadata,
                ImsAsyncClient::glanceCreateImageMetadataAsync,
                new GlanceCreateImageMetadataRequest()
                    .withBody(new GlanceCreateImageMetadataRequestBody().withMinDisk(1))));
    var unknown = new Caller(Users.demoCredential().withSk("wrong"), users.isAsync());
    refused(
        "sign with a wrong key",
        ClientRequestException.class,
        401,
        "APIGW.0301",
        () ->
            unknown.call(
                ImsClient::listImages, ImsAsyncClient::listImagesAsync, new ListImagesRequest()));
    var closed =
        new Caller(
            Users.demoCredential(),
            users.isAsync(),
            new Region("cn-north-4", "http://127.0.0.1:1"));
    report.refused(
        named("connect to a closed port"),
        ConnectionException.class,
        error -> "ConnectionException",
        () ->
            closed.call(
                ImsClient::listImages, ImsAsyncClient::listImagesAsync, new ListImagesRequest()));
  }

  private Object everyMethodWasCalled() {
    var methods = new TreeSet<String>();
    for (var method : ImsClient.class.getMethods()) {
      Stream.of(method.getParameterTypes())
          .map(Class::getSimpleName)
          .filter(name -> name.endsWith("Request"))
          .forEach(methods::add);
    }
    methods.removeAll(demo.called());
    methods.removeAll(alt.called());
    equal(methods, Set.of());
    return methods;
  }
}
