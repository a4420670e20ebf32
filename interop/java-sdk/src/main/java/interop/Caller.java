package interop;

import com.huaweicloud.sdk.core.auth.ICredential;
import com.huaweicloud.sdk.core.region.Region;
import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.region.ImsRegion;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;

/** One user of IMS, who sends each request by the client or by the asynchronous client. */
final class Caller {
  private final ImsClient client;
  private final ImsAsyncClient asyncClient;
  private final boolean isAsync;
  private final Set<String> called = new TreeSet<>();

  /** The region's endpoint is that of HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4, if this is set. */
  Caller(ICredential credential, boolean isAsync) {
    this(credential, isAsync, ImsRegion.valueOf("cn-north-4"));
  }

  Caller(ICredential credential, boolean isAsync, Region region) {
    this.client = ImsClient.newBuilder().withCredential(credential).withRegion(region).build();
    this.asyncClient =
        ImsAsyncClient.newBuilder().withCredential(credential).withRegion(region).build();
    this.isAsync = isAsync;
  }

  /** Sends a request, and returns the response of the method that this caller uses. */
  <Q, S> S call(
      BiFunction<ImsClient, Q, S> method,
      BiFunction<ImsAsyncClient, Q, CompletableFuture<S>> asyncMethod,
      Q request) {
    called.add(request.getClass().getSimpleName());
    if (!isAsync) {
      return method.apply(client, request);
    }
    try {
      return asyncMethod.apply(asyncClient, request).join();
    } catch (CompletionException error) {
      throw error.getCause() instanceof RuntimeException cause ? cause : error;
    }
  }

  /** Returns the classes of all requests that were sent. */
  Set<String> called() {
    return called;
  }
}
