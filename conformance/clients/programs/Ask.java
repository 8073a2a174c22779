// Java's own HTTP clients: the new one, and the old one.
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class Ask {
  static final URI URL = URI.create("https://api.openai.com/v1/chat/completions");
  static final String KEY = "Bearer " + System.getenv("OPENAI_API_KEY");
  static final String BODY = "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}";

  public static void main(String[] arguments) throws Exception {
    System.out.println(content(byHttpClient()));
    System.out.println(content(byUrlConnection()));
  }

  static String byHttpClient() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URL).header("Authorization", KEY)
        .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(BODY)).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  static String byUrlConnection() throws Exception {
    HttpURLConnection connection = (HttpURLConnection) URL.toURL().openConnection();
    connection.setRequestProperty("Authorization", KEY);
    connection.setRequestProperty("Content-Type", "application/json");
    connection.setDoOutput(true);
    try (OutputStream out = connection.getOutputStream()) {
      out.write(BODY.getBytes());
    }
    return new String(connection.getInputStream().readAllBytes());
  }

  static String content(String answer) {
    Matcher found = Pattern.compile("\"content\": *\"([^\"]*)\"").matcher(answer);
    return found.find() ? found.group(1) : answer;
  }
}
