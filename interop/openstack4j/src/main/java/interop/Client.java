package interop;

import org.openstack4j.api.Builders;
import org.openstack4j.api.OSClient.OSClientV3;
import org.openstack4j.model.common.Identifier;
import org.openstack4j.openstack.OSFactory;

/** Calls the image API by OpenStack4j, or does one call: {@code list} or {@code create}. */
public final class Client {
  private Client() {}

  public static void main(String[] args) {
    if (args.length == 0) {
      var report = new Report();
      new Life(report).run();
      System.exit(report.isBroken() ? 1 : 0);
    }
    try {
      Report.print("returned", one(logIn(), args[0]));
    } catch (RuntimeException error) {
      Report.print("raised", error.getClass().getSimpleName(), "message", error.getMessage());
    }
    System.exit(0);
  }

  /** Logs in as the variables OS_... say. */
  static OSClientV3 logIn() {
    return logIn(
        System.getenv("OS_USERNAME"),
        System.getenv("OS_PASSWORD"),
        System.getenv("OS_PROJECT_NAME"));
  }

  /** Logs in; the version of the API is a part of the URL that OpenStack4j needs. */
  static OSClientV3 logIn(String user, String password, String project) {
    var domain = Identifier.byName(System.getenv("OS_USER_DOMAIN_NAME"));
    return OSFactory.builderV3()
        .endpoint(System.getenv("OS_AUTH_URL") + "/v3")
        .credentials(user, password, domain)
        .scopeToProject(Identifier.byName(project), domain)
        .authenticate()
        .useRegion(System.getenv("OS_REGION_NAME"));
  }

  private static String one(OSClientV3 client, String call) {
    return switch (call) {
      case "list" -> Report.listed(client.imagesV2().list());
      case "create" -> {
        var image = client.imagesV2().create(Builders.imageV2().name("web").build());
        yield image == null ? "no image" : "image " + image.getStatus();
      }
      default -> throw new IllegalArgumentException("must be list or create, got " + call);
    };
  }
}
