// The lines that send a program's requests here, for each runtime. A test runs each of them, except for .NET.
export interface Runtime {
  name: string;
  lines: string;
}

const CA = "llemulator-ca.pem";

export function runtimes(origin: string): Runtime[] {
  const { hostname, port } = new URL(origin);
  const certificate = `curl -s ${origin}/_emulator/ca.pem -o ${CA}\n`;
  const proxy = `export HTTPS_PROXY=${origin}\n${certificate}`;
  const replacesRoots = `${proxy}export SSL_CERT_FILE=$PWD/${CA}\n`;
  const addsRoot = `${proxy}export NODE_EXTRA_CA_CERTS=$PWD/${CA}\n`;
  const curl = `curl ${origin}/v1/chat/completions -H "Authorization: Bearer test-1" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'`;
  const java = `${certificate}keytool -importcert -noprompt -alias llemulator -file ${CA} -keystore llemulator.p12 -storetype PKCS12 -storepass changeit
export JAVA_TOOL_OPTIONS="-Dhttps.proxyHost=${hostname} -Dhttps.proxyPort=${port || "80"} \\
  -Djavax.net.ssl.trustStore=$PWD/llemulator.p12 -Djavax.net.ssl.trustStorePassword=changeit"
java -jar app.jar`;
  return [
    {
      name: "By a base URL",
      lines: `export OPENAI_BASE_URL=${origin}/v1\nexport OPENAI_API_KEY=test-1\npython app.py`,
    },
    { name: "curl", lines: curl },
    { name: "Python", lines: `${replacesRoots}export REQUESTS_CA_BUNDLE=$PWD/${CA}\npython app.py` },
    { name: "Node from 22.21", lines: `${addsRoot}export NODE_USE_ENV_PROXY=1\nnode app.mjs` },
    { name: "Bun", lines: `${addsRoot}bun app.mjs` },
    { name: "Deno", lines: `${proxy}export DENO_CERT=$PWD/${CA}\ndeno run --allow-net --allow-env app.mjs` },
    { name: "Go", lines: `${replacesRoots}go run app.go` },
    { name: "Rust", lines: `${replacesRoots}cargo run` },
    { name: "Ruby", lines: `${replacesRoots}export http_proxy=${origin}\nruby app.rb` },
    { name: "Java", lines: java },
    { name: "PHP", lines: `${proxy}php -d curl.cainfo=$PWD/${CA} -d openssl.cafile=$PWD/${CA} app.php` },
    { name: ".NET on Linux", lines: `${replacesRoots}dotnet app.dll` },
    { name: "Any program on llemulator's machine", lines: "llemulator run --script script.yaml -- python app.py" },
  ];
}
