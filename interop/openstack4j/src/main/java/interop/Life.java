package interop;

import static interop.Report.equal;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.openstack4j.api.Builders;
import org.openstack4j.api.OSClient.OSClientV3;
import org.openstack4j.api.exceptions.AuthenticationException;
import org.openstack4j.api.exceptions.ClientResponseException;
import org.openstack4j.api.exceptions.ConnectionException;
import org.openstack4j.api.exceptions.RegionEndpointNotFoundException;
import org.openstack4j.api.exceptions.ResponseException;
import org.openstack4j.api.image.v2.ImageService;
import org.openstack4j.api.types.ServiceType;
import org.openstack4j.model.common.ActionResponse;
import org.openstack4j.model.common.Payloads;
import org.openstack4j.model.identity.v3.Token;
import org.openstack4j.model.image.v2.ContainerFormat;
import org.openstack4j.model.image.v2.DiskFormat;
import org.openstack4j.model.image.v2.Image;
import org.openstack4j.model.image.v2.Image.ImageStatus;
import org.openstack4j.model.image.v2.Image.ImageVisibility;
import org.openstack4j.model.image.v2.Member.MemberStatus;
import org.openstack4j.openstack.OSFactory;
import org.openstack4j.openstack.image.v2.domain.GlanceImageUpdate;
import org.openstack4j.openstack.image.v2.domain.PatchOperation;
import org.openstack4j.openstack.image.v2.domain.PatchOperation.OperationType;

/** The life of an image, by every call of the image API that OpenStack4j has. */
final class Life {
  private static final String NO_IMAGE = "00000000-0000-4000-8000-000000000000";
  private static final String FILE = "an image";

  private final Report report;
  private final Token demo = Client.logIn().getToken();
  private final Token alt = logInAsAlt().getToken();
  private String id;

  Life(Report report) {
    this.report = report;
  }

  void run() {
    session();
    file();
    lists();
    updates();
    members();
    refusals();
    missing();
    report.works(
        "delete an image",
        () -> {
          done(images().delete(id));
          return gone(images().get(id));
        });
  }

  private void session() {
    report.works(
        "log in, and find the image service",
        () -> {
          var client = Client.logIn();
          equal(client.getToken().getProject().getName(), System.getenv("OS_PROJECT_NAME"));
          equal(client.getSupportedServices().contains(ServiceType.IMAGE), true);
          return client;
        });
    report.works(
        "log in again after the token was revoked",
        () -> {
          var client = Client.logIn();
          done(client.identity().tokens().delete(client.getToken().getId()));
          equal(client.imagesV2().list(Map.of("name", "none")).size(), 0);
          return client;
        });
    refused(
        "log in with a wrong password",
        AuthenticationException.class,
        401,
        () -> Client.logIn("demo", "wrong", "demo"));
    report.refused(
        "choose an unknown region",
        RegionEndpointNotFoundException.class,
        error -> "RegionEndpointNotFoundException, without a request",
        () -> Client.logIn().useRegion("none").imagesV2().list());
    report.refused(
        "connect to a closed port",
        ConnectionException.class,
        error -> "ConnectionException",
        () -> OSFactory.builderV3().endpoint("http://127.0.0.1:1/v3").token("none").authenticate());
    report.run(
        "use two users in one thread",
        "fails",
        "a session belongs to the thread, so the first client then acts as the second user; the"
            + " maintainers say that this is by design (ContainX/openstack4j issue 528)."
            + " OSFactory.clientFromToken changes the user",
        () -> {
          var first = Client.logIn();
          logInAsAlt();
          var image = first.imagesV2().create(Builders.imageV2().name("whose").build());
          equal(image.getOwner(), alt.getProject().getId());
          return image;
        });
  }

  private void file() {
    report.works(
        "create an image",
        () -> {
          var image =
              images()
                  .create(
                      Builders.imageV2()
                          .name("web")
                          .containerFormat(ContainerFormat.BARE)
                          .diskFormat(DiskFormat.QCOW2)
                          .minDisk(100L)
                          .minRam(1024L)
                          .visibility(ImageVisibility.PRIVATE)
                          .isProtected(false)
                          .tags(List.of("test=testvalue"))
                          .additionalProperty("__os_version", "Ubuntu 14.04 server 64bit")
                          .build());
          id = image.getId();
          equal(image.getStatus(), ImageStatus.QUEUED);
          equal(image.getContainerFormat(), ContainerFormat.BARE);
          equal(image.getDiskFormat(), DiskFormat.QCOW2);
          equal(image.getMinDisk(), 100L);
          equal(image.getMinRam(), 1024L);
          equal(image.getTags(), List.of("test=testvalue"));
          equal(image.getOwner(), demo.getProject().getId());
          equal(image.getAdditionalPropertyValue("__platform"), "Ubuntu");
          equal(image.getCreatedAt().before(demo.getExpires()), true);
          return image;
        });
    report.works(
        "upload a file",
        () -> {
          var file = Files.writeString(Files.createTempFile("web", ".qcow2"), FILE).toFile();
          file.deleteOnExit();
          done(images().upload(id, Payloads.create(file), null));
          equal(images().get(id).getStatus(), ImageStatus.ACTIVE);
          equal(images().get(id).getSize(), (long) FILE.length());
          return file;
        });
    report.works(
        "download the file",
        () -> {
          var file = Files.createTempFile("web", ".qcow2").toFile();
          file.deleteOnExit();
          done(images().download(id, file));
          equal(Files.readString(file.toPath()), FILE);
          return file;
        });
  }

  private void lists() {
    report.works(
        "list images with filters",
        () -> {
          var filters =
              Map.of("name", "web", "status", "active", "tag", "test=testvalue", "limit", "2");
          var found = images().list(filters);
          equal(found.size(), 1);
          equal(found.get(0).getId(), id);
          equal(images().list(Map.of("name", "none")).size(), 0);
          return found;
        });
    report.works(
        "page through public images by marker",
        () -> {
          var seen = new TreeSet<String>();
          var page = publicImages("7", null);
          while (!page.isEmpty()) {
            page.forEach(image -> equal(seen.add(image.getId()), true));
            page = publicImages("7", page.get(page.size() - 1).getId());
          }
          equal(seen.size() > 25, true);
          equal(seen.size(), publicImages("1000", null).size());
          return seen;
        });
    report.run(
        "list all images",
        "fails",
        "list() is the first page of 25 images, and does not give the link to the next page; a"
            + " caller asks for each page with limit and marker",
        () -> {
          equal(images().list().size(), 25);
          return publicImages("1000", null).get(25);
        });
    report.run(
        "read the disk format zvhd2",
        "fails",
        "DiskFormat has no formats of Huawei Cloud: it is UNRECOGNIZED, and the word is lost",
        () -> {
          var image = images().create(Builders.imageV2().name("zvhd2").build());
          equal(image.getDiskFormat(), DiskFormat.UNRECOGNIZED);
          equal(image.getAdditionalPropertyValue("disk_format"), null);
          return image;
        });
  }

  private void updates() {
    var media =
        "the request has Content-Type application/json instead of"
            + " application/openstack-images-v2.1-json-patch, which Glance and IMS reject with 415"
            + " (openstack4j/openstack4j issue 202)";
    report.run(
        "update an image by JSON Patch",
        "fails",
        media,
        () -> {
          var operation = new PatchOperation(OperationType.REPLACE, "/name", "web2");
          var update = GlanceImageUpdate.builder().ops(operation).build();
          return unsupported(() -> images().update(id, update));
        });
    report.run(
        "update an image by its fields",
        "fails",
        media,
        () -> {
          var changed = images().get(id).toBuilder().name("web3").build();
          return unsupported(() -> images().update(changed));
        });
    report.works(
        "add and delete a tag",
        () -> {
          done(images().updateTag(id, "stable"));
          equal(Set.copyOf(images().get(id).getTags()), Set.of("test=testvalue", "stable"));
          done(images().deleteTag(id, "stable"));
          equal(images().get(id).getTags(), List.of("test=testvalue"));
          return id;
        });
  }

  private void members() {
    report.works(
        "add, accept, show, list and delete a member",
        () -> {
          var project = alt.getProject().getId();
          equal(images().createMember(id, project).getStatus(), MemberStatus.PENDING);
          as(alt).updateMember(id, project, MemberStatus.ACCEPTED);
          equal(images().getMember(id, project).getStatus(), MemberStatus.ACCEPTED);
          equal(images().listMembers(id).get(0).getMemberId(), project);
          done(images().deleteMember(id, project));
          equal(images().listMembers(id).size(), 0);
          return project;
        });
  }

  private void refusals() {
    refused(
        "create an image with a small disk",
        ClientResponseException.class,
        400,
        () -> images().create(Builders.imageV2().name("small").minDisk(1L).build()));
    report.run(
        "show an unknown image",
        "refused",
        "404 is null, not an exception",
        () -> gone(images().get(NO_IMAGE)));
    report.run(
        "delete an unknown image",
        "refused",
        "ActionResponse with code 404 and the message of the service",
        () -> {
          var response = images().delete(NO_IMAGE);
          equal(response.getCode(), 404);
          equal(response.getFault(), "The image does not exist.");
          return response;
        });
  }

  private void missing() {
    report.run(
        "deactivate and reactivate an image",
        "refused",
        "IMS does not have this operation of Glance: ActionResponse with code 404",
        () -> {
          equal(images().deactivate(id).getCode(), 404);
          equal(images().reactivate(id).getCode(), 404);
          return id;
        });
    report.run(
        "list tasks and cached images",
        "refused",
        "IMS does not have these operations of Glance: 404 is an empty list, or null",
        () -> {
          equal(images().tasks().list().size(), 0);
          return gone(images().listCachedImages());
        });
  }

  /** Returns the image service as the first user, whoever has used this thread before. */
  private ImageService images() {
    return as(demo);
  }

  private static ImageService as(Token token) {
    var region = System.getenv("OS_REGION_NAME");
    return OSFactory.clientFromToken(token).useRegion(region).imagesV2();
  }

  private static OSClientV3 logInAsAlt() {
    return Client.logIn("alt", "secret", "alt");
  }

  private List<? extends Image> publicImages(String limit, String marker) {
    var filters = Map.of("visibility", "public", "limit", limit);
    if (marker == null) {
      return images().list(filters);
    }
    return images().list(Map.of("visibility", "public", "limit", limit, "marker", marker));
  }

  private <E extends ResponseException> void refused(
      String check, Class<E> kind, int status, Callable<?> body) {
    report.refused(
        check,
        kind,
        error -> {
          equal(error.getStatus(), status);
          equal(error.getMessage().isEmpty(), false);
          return kind.getSimpleName() + ": " + status;
        },
        body);
  }

  private static Object unsupported(Callable<?> body) throws Exception {
    try {
      throw new AssertionError("the client is mended: " + body.call());
    } catch (ClientResponseException error) {
      equal(error.getStatus(), 415);
      return error;
    }
  }

  private static String gone(Object response) {
    equal(response, null);
    return "nothing";
  }

  private static void done(ActionResponse response) {
    equal(response.getFault(), null);
    equal(response.isSuccess(), true);
  }
}
