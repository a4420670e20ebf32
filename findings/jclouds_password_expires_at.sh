#!/bin/sh
# Apache jclouds cannot log in to Huawei Cloud's IAM, although IAM has Keystone's API.
#
# Expected: a client of Keystone's API for tokens, version 3, logs in to IAM.
# Seen: for a user whose password does not expire, the examples of IAM's documentation have "password_expires_at": "" in
#   the token, where Keystone has null. jclouds reads each empty time as an error: IllegalArgumentException, "incorrect
#   date format ". The same token with null, or without the attribute, is a log-in.
# For tests: a mock that copies Keystone's null hides this; a mock of IAM needs the empty text.
#
# Versions: jclouds openstack-nova and openstack-keystone 2.7.0, Java 17. Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat >"$work/pom.xml" <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>login</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.jclouds.api</groupId>
      <artifactId>openstack-nova</artifactId>
      <version>2.7.0</version>
    </dependency>
  </dependencies>
</project>
END
cat >"$work/LogIn.java" <<'END'
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jclouds.ContextBuilder;
import org.jclouds.openstack.keystone.config.KeystoneProperties;
import org.jclouds.openstack.nova.v2_0.NovaApi;
import org.jclouds.openstack.nova.v2_0.NovaApiMetadata;

public class LogIn {
  static String expiry;

  public static void main(String[] args) throws Exception {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v3/auth/tokens", LogIn::respond);
    server.start();
    var url = "http://127.0.0.1:" + server.getAddress().getPort() + "/v3";
    var seen = new ArrayList<String>();
    for (var text :
        List.of(", \"password_expires_at\": \"\"", ", \"password_expires_at\": null", "")) {
      expiry = text;
      seen.add(outcome(url));
      System.out.println("user " + (text.isEmpty() ? "without it" : text.substring(2)) + ": " + seen.get(seen.size() - 1));
    }
    var expected = List.of("IllegalArgumentException: incorrect date format", "[r]", "[r]");
    if (!seen.equals(expected)) {
      System.out.println("CHANGED: expected " + expected);
      System.exit(1);
    }
    System.out.println("unchanged");
    System.exit(0);
  }

  /** Returns the regions that a client finds in the catalogue after its log-in, or its exception. */
  static String outcome(String url) {
    var settings = new Properties();
    settings.put(KeystoneProperties.KEYSTONE_VERSION, "3");
    settings.put(KeystoneProperties.SCOPE, "project:demo");
    try {
      return ContextBuilder.newBuilder(new NovaApiMetadata())
          .endpoint(url)
          .credentials("Default:demo", "secret")
          .overrides(settings)
          .buildApi(NovaApi.class)
          .getConfiguredRegions()
          .toString();
    } catch (RuntimeException error) {
      return error.getClass().getSimpleName() + ": " + error.getMessage().strip();
    }
  }

  static void respond(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    var token =
        """
        {"token": {"methods": ["password"], "expires_at": "2999-01-01T00:00:00.000000Z",
          "issued_at": "2026-01-01T00:00:00.000000Z",
          "user": {"id": "1", "name": "demo", "domain": {"id": "d", "name": "Default"}EXPIRY},
          "project": {"id": "p", "name": "demo", "domain": {"id": "d", "name": "Default"}},
          "roles": [{"id": "m", "name": "member"}],
          "catalog": [{"id": "c", "type": "compute", "name": "nova", "endpoints": [{"id": "e",
            "interface": "public", "region": "r", "region_id": "r", "url": "http://127.0.0.1:1/v2"}]}]}}
        """
            .replace("EXPIRY", expiry)
            .getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.getResponseHeaders().set("X-Subject-Token", "a-token");
    exchange.sendResponseHeaders(201, token.length);
    exchange.getResponseBody().write(token);
    exchange.close();
  }
}
END
cd "$work"
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
java -cp "lib/*" LogIn.java
