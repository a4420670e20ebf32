package interop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

/** Prints one line of JSON for each check. */
final class Report {
  private static final ObjectMapper JSON = new ObjectMapper();

  private boolean isBroken;

  /** Returns whether a check saw something unexpected. */
  boolean isBroken() {
    return isBroken;
  }

  /** Runs a check that ends without an exception if the client does what its manual says. */
  void works(String check, Callable<?> body) {
    run(check, "works", "", body);
  }

  /** Runs a check that shows a fault of the client, or a refusal without an exception. */
  void run(String check, String outcome, String note, Callable<?> body) {
    try {
      body.call();
      print("check", check, "outcome", outcome, "note", note);
    } catch (Throwable error) {
      broken(check, error);
    }
  }

  /** Runs a call that must end with an exception of the class, which {@code note} describes. */
  <E extends Exception> void refused(String check, Class<E> kind, Note<E> note, Callable<?> body) {
    try {
      var response = body.call();
      broken(check, new AssertionError("no exception, but " + response));
    } catch (Throwable error) {
      try {
        equal(error.getClass(), kind);
        print("check", check, "outcome", "refused", "note", note.of(kind.cast(error)));
      } catch (AssertionError unexpected) {
        unexpected.initCause(error);
        broken(check, unexpected);
      }
    }
  }

  private void broken(String check, Throwable error) {
    isBroken = true;
    error.printStackTrace();
    print("check", check, "outcome", "broken", "note", error.toString());
  }

  /** Says what an exception shows; throws AssertionError if it shows something else. */
  interface Note<E> {
    String of(E error);
  }

  static void equal(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) {
      throw new AssertionError("expected " + expected + ", but got " + actual);
    }
  }

  /** Says what a list of images is, without its length. */
  static String listed(List<?> images) {
    if (images == null) {
      return "no list of images";
    }
    return images.isEmpty() ? "an empty list of images" : "a list of images";
  }

  /** Prints names and values as one object; an empty value is left out. */
  static void print(String... pairs) {
    Map<String, String> line = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      if (!"".equals(pairs[i + 1])) {
        line.put(pairs[i], pairs[i + 1]);
      }
    }
    try {
      System.out.println(JSON.writeValueAsString(line));
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }
}
