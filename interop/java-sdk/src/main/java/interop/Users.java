package interop;

import com.huaweicloud.sdk.core.auth.BasicCredentials;

/** Two users of two projects, both of whom use the client or the asynchronous client. */
record Users(boolean isAsync, Caller demo, Caller alt, BasicCredentials altCredential) {

  static Users of(boolean isAsync) {
    var altCredential = altWithoutProject();
    return new Users(
        isAsync,
        new Caller(demoCredential(), isAsync),
        new Caller(altCredential, isAsync),
        altCredential);
  }

  /** Returns the credential of the environment. */
  static BasicCredentials demoCredential() {
    return new BasicCredentials()
        .withAk(System.getenv("HUAWEICLOUD_SDK_AK"))
        .withSk(System.getenv("HUAWEICLOUD_SDK_SK"))
        .withProjectId(System.getenv("HUAWEICLOUD_SDK_PROJECT_ID"));
  }

  /** Returns the credential of another user, whose project the SDK finds by the region's name. */
  private static BasicCredentials altWithoutProject() {
    return new BasicCredentials().withAk("alt-ak").withSk("alt-sk");
  }

  /** Returns the project that the SDK has found. */
  String altProject() {
    return altCredential.getProjectId();
  }

  String mode() {
    return isAsync ? "async" : "sync";
  }
}
