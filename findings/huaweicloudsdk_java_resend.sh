#!/bin/sh
# Huawei Cloud's SDK for Java sends a create a second time by itself when the response to the first one is lost.
#
# Expected: each call sends one request, whatever connection it uses. No retry was asked for, and a create is not safe to
#   repeat.
# Seen: a service reads a create and closes the connection. If the connection is new, the service sees one create, and
#   the SDK raises ConnectionException. If an earlier call has left the connection open, the service sees two creates,
#   and the SDK returns the response to the second one, without an exception or a message. OkHttp does this: its
#   retryOnConnectionFailure is on unless a program switches it off, and the SDK's HttpConfig has no setting for it.
# For tests: a program passes a test that loses the response to its first request, and in production, where it lists
#   images before it creates one, it leaves an image that it does not know. Send another request first.
#
# Versions: huaweicloud-sdk-ims and huaweicloud-sdk-core 3.1.143, okhttp 4.12.0, Java 17. Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat >"$work/pom.xml" <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>resend</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.huaweicloud.sdk</groupId>
      <artifactId>huaweicloud-sdk-ims</artifactId>
      <version>3.1.143</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
END
cat >"$work/Resend.java" <<'END'
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.ConnectionException;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.GlanceCreateImageMetadataRequest;
import com.huaweicloud.sdk.ims.v2.model.GlanceCreateImageMetadataRequestBody;
import com.huaweicloud.sdk.ims.v2.model.ListImagesRequest;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

@SuppressWarnings("deprecation")
public class Resend {
  public static void main(String[] args) throws Exception {
    var fresh = seen(false);
    var open = seen(true);
    System.out.println("create on a new connection:   " + fresh);
    System.out.println("create on an open connection: " + open);
    var expected =
        List.of("[POST] ConnectionException", "[GET, POST, POST] the image \"2\"");
    if (!List.of(fresh, open).equals(expected)) {
      System.out.println("CHANGED: expected " + expected);
      System.exit(1);
    }
    System.out.println("unchanged");
    System.exit(0);
  }

  /** Returns the requests that a service sees which loses its first response to a create, and what the SDK returns. */
  static String seen(boolean listFirst) throws IOException {
    List<String> methods = Collections.synchronizedList(new ArrayList<>());
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> respond(exchange, methods));
    server.start();
    var client =
        ImsClient.newBuilder()
            .withCredential(new BasicCredentials().withAk("key").withSk("secret").withProjectId("0"))
            .withEndpoint("http://127.0.0.1:" + server.getAddress().getPort())
            .build();
    if (listFirst) {
      client.listImages(new ListImagesRequest());
    }
    var body = new GlanceCreateImageMetadataRequestBody().withName("web");
    var request = new GlanceCreateImageMetadataRequest().withBody(body);
    String outcome;
    try {
      outcome = "the image \"" + client.glanceCreateImageMetadata(request).getId() + "\"";
    } catch (ConnectionException error) {
      outcome = "ConnectionException";
    }
    server.stop(0);
    return methods + " " + outcome;
  }

  static void respond(HttpExchange exchange, List<String> methods) throws IOException {
    exchange.getRequestBody().readAllBytes();
    methods.add(exchange.getRequestMethod());
    var creates = Collections.frequency(methods, "POST");
    if (exchange.getRequestMethod().equals("POST") && creates == 1) {
      exchange.close();
      return;
    }
    var body = creates == 0 ? "{\"images\": []}" : "{\"id\": \"" + creates + "\"}";
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
END
cd "$work"
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
java -cp "lib/*" Resend.java
