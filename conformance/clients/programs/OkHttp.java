// OkHttp, which openai-java is made of.
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;

class OkHttp {
  public static void main(String[] arguments) throws Exception {
    String body = "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}";
    Request request = new Request.Builder().url("https://api.openai.com/v1/chat/completions")
        .header("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"))
        .post(RequestBody.create(MediaType.parse("application/json"), body)).build();
    System.out.println(new OkHttpClient().newCall(request).execute().body().string());
    System.exit(0);
  }
}
