package interop;

import java.util.Properties;
import org.jclouds.ContextBuilder;
import org.jclouds.openstack.keystone.config.KeystoneProperties;
import org.jclouds.openstack.nova.v2_0.NovaApi;
import org.jclouds.openstack.nova.v2_0.NovaApiMetadata;

/** Logs in with jclouds, which it does while it reads the regions of the catalogue. */
public final class Client {
  private static final String EMPTY =
      "jclouds 2.7.0 cannot log in: IAM returns password_expires_at \"\" for a user whose password"
          + " does not expire, as its documentation shows, and jclouds reads each empty time as an"
          + " error. With null, as Keystone has it, jclouds logs in";

  private Client() {}

  public static void main(String[] args) {
    var isBroken = false;
    try {
      print("broken", "it is mended: jclouds found the regions " + logIn().getConfiguredRegions());
      isBroken = true;
    } catch (IllegalArgumentException error) {
      isBroken = !error.getMessage().startsWith("incorrect date format");
      print(isBroken ? "broken" : "fails", isBroken ? error.toString() : EMPTY);
    }
    System.exit(isBroken ? 1 : 0);
  }

  private static NovaApi logIn() {
    var settings = new Properties();
    settings.put(KeystoneProperties.KEYSTONE_VERSION, "3");
    settings.put(KeystoneProperties.SCOPE, "project:" + System.getenv("OS_PROJECT_NAME"));
    var user = System.getenv("OS_USER_DOMAIN_NAME") + ":" + System.getenv("OS_USERNAME");
    return ContextBuilder.newBuilder(new NovaApiMetadata())
        .endpoint(System.getenv("OS_AUTH_URL") + "/v3")
        .credentials(user, System.getenv("OS_PASSWORD"))
        .overrides(settings)
        .buildApi(NovaApi.class);
  }

  private static void print(String outcome, String note) {
    var quoted = note.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", " ");
    System.out.printf(
        "{\"check\": \"log in\", \"outcome\": \"%s\", \"note\": \"%s\"}%n", outcome, quoted);
  }
}
