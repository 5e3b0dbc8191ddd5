// Publishes a case and asks for it again, over mutual TLS, with nothing but Java's own library.
// java Client.java PORT KEYSTORE.p12 PASSWORD TRUST.pem RECORD_FILE ID CONTENT_TYPE

import java.io.FileInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public final class Client {
  private static SSLContext tls(String keystore, char[] password, String trust) throws Exception {
    KeyStore own = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(keystore)) {
      own.load(in, password);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, password);
    KeyStore roots = KeyStore.getInstance("PKCS12");
    roots.load(null, null);
    try (InputStream in = new FileInputStream(trust)) {
      int n = 0;
      for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        roots.setCertificateEntry("root" + n++, root);
      }
    }
    TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(roots);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), trusted.getTrustManagers(), null);
    return context;
  }

  public static void main(String[] args) throws Exception {
    String base = "https://localhost:" + args[0];
    HttpClient client =
        HttpClient.newBuilder().sslContext(tls(args[1], args[2].toCharArray(), args[3])).version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest put =
        HttpRequest.newBuilder(URI.create(base + "/v1/records/case/" + URLEncoder.encode(args[5], StandardCharsets.UTF_8)))
            .PUT(HttpRequest.BodyPublishers.ofFile(Path.of(args[4])))
            .header("Content-Type", args[6])
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .header("Chuanyu-Matter", "publish")
            .header("Chuanyu-Basis", URLEncoder.encode("依据", StandardCharsets.UTF_8))
            .header("Chuanyu-Grant", "CY-1")
            .header("Chuanyu-Operator", URLEncoder.encode("经办人", StandardCharsets.UTF_8))
            .build();
    int published = client.send(put, HttpResponse.BodyHandlers.ofString()).statusCode();
    String ask = "{\"kind\":\"case\",\"subject\":{\"id\":\"" + args[5] + "\"},\"purpose\":{\"matter\":\"case-assist\","
        + "\"basis\":\"依据\",\"grant\":\"CY-1\",\"operator\":\"经办人\"}}";
    HttpRequest query =
        HttpRequest.newBuilder(URI.create(base + "/v1/queries"))
            .POST(HttpRequest.BodyPublishers.ofString(ask))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .build();
    HttpResponse<String> answer = client.send(query, HttpResponse.BodyHandlers.ofString());
    Matcher count = Pattern.compile("\"count\":(\\d+)").matcher(answer.body());
    System.out.println(published + " " + answer.statusCode() + " " + (count.find() ? count.group(1) : "?"));
  }
}
