import { expect, test } from "vitest";
import { runtimes } from "../src/runtimes";

const lines = Object.fromEntries(runtimes("http://10.0.0.5:8080").map((each) => [each.name, each.lines]));

test("each runtime is led here, and trusts the certificate that it gets here", () => {
  for (const name of ["Python", "Node from 22.21", "Bun", "Deno", "Go", "Rust", "Ruby", ".NET on Linux"]) {
    expect(lines[name]).toContain("export HTTPS_PROXY=http://10.0.0.5:8080\n");
    expect(lines[name]).toContain("curl -s http://10.0.0.5:8080/_emulator/ca.pem -o llemulator-ca.pem\n");
    expect(lines[name]).toMatch(/(SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|DENO_CERT)=\$PWD\/llemulator-ca\.pem/);
  }
  expect(lines.Java).toContain("-Dhttps.proxyHost=10.0.0.5 -Dhttps.proxyPort=8080");
});
