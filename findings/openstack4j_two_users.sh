#!/bin/sh
# In OpenStack4j, a second log-in makes the client of the first user act as the second user.
#
# Expected: each client that authenticate() returns sends the token of its own user.
# Seen: two users log in, one after the other, in one thread. Then the first client creates an image, with the token of
#   the second user: so the image belongs to the wrong project. The first client's getToken() still returns the token of
#   the first user. The session that a call uses belongs to the thread, not to the client, and each log-in replaces it.
#   The maintainers say that this is by design (ContainX/openstack4j issue 528).
# For tests: a test with two projects, such as one that shares an image, checks nothing if each step acts as the last
#   user. Call OSFactory.clientFromToken(token) before each step, and check the image's owner.
#
# Versions: openstack4j-core and openstack4j-okhttp 3.12, Java 17. Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat >"$work/pom.xml" <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>users</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.github.openstack4j.core</groupId>
      <artifactId>openstack4j-core</artifactId>
      <version>3.12</version>
    </dependency>
    <dependency>
      <groupId>com.github.openstack4j.core.connectors</groupId>
      <artifactId>openstack4j-okhttp</artifactId>
      <version>3.12</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
END
cat >"$work/Users.java" <<'END'
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.openstack4j.api.Builders;
import org.openstack4j.api.OSClient.OSClientV3;
import org.openstack4j.model.common.Identifier;
import org.openstack4j.openstack.OSFactory;

public class Users {
  static final List<String> seen = Collections.synchronizedList(new ArrayList<>());
  static String url;

  public static void main(String[] args) throws Exception {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", Users::respond);
    server.start();
    url = "http://127.0.0.1:" + server.getAddress().getPort();
    var first = logIn("first");
    var second = logIn("second");
    first.imagesV2().create(Builders.imageV2().name("web").build());
    OSFactory.clientFromToken(first.getToken());
    first.imagesV2().create(Builders.imageV2().name("web").build());
    var tokens = List.of(first.getToken().getId(), second.getToken().getId());
    System.out.println("tokens that the two clients have:                   " + tokens);
    System.out.println("tokens that the first client sent with its creates: " + seen);
    if (!tokens.equals(List.of("token of first", "token of second"))
        || !seen.equals(List.of("token of second", "token of first"))) {
      System.out.println("CHANGED: expected the second user's token, and then the first user's");
      System.exit(1);
    }
    System.out.println("unchanged");
    System.exit(0);
  }

  static OSClientV3 logIn(String user) {
    var domain = Identifier.byName("Default");
    return OSFactory.builderV3()
        .endpoint(url + "/v3")
        .credentials(user, "secret", domain)
        .scopeToProject(Identifier.byName(user), domain)
        .authenticate();
  }

  /** Gives each user a token with its name, and notes the tokens of the creates. */
  static void respond(HttpExchange exchange) throws IOException {
    var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String response;
    if (exchange.getRequestURI().getPath().equals("/v3/auth/tokens")) {
      var user = body.contains("\"first\"") ? "first" : "second";
      exchange.getResponseHeaders().set("X-Subject-Token", "token of " + user);
      response =
          """
          {"token": {"methods": ["password"], "expires_at": "2999-01-01T00:00:00.000000Z",
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "user": {"id": "1", "name": "USER", "domain": {"id": "d", "name": "Default"}},
            "project": {"id": "1", "name": "USER", "domain": {"id": "d", "name": "Default"}},
            "catalog": [{"id": "i", "type": "image", "name": "glance", "endpoints": [
              {"id": "e", "interface": "public", "region": "r", "region_id": "r", "url": "URL"}]}]}}
          """
              .replace("USER", user)
              .replace("URL", url);
    } else {
      seen.add(exchange.getRequestHeaders().getFirst("X-Auth-Token"));
      response = "{\"id\": \"1\", \"name\": \"web\", \"status\": \"queued\"}";
    }
    var bytes = response.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(201, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
END
cd "$work"
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
java -cp "lib/*" Users.java
