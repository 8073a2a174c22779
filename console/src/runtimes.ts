// The lines that send a program's requests here, for each runtime.
export interface Runtime {
  name: string;
  lines: string;
}

export function runtimes(origin: string): Runtime[] {
  const proxy = `export HTTPS_PROXY=${origin}\ncurl -s ${origin}/_emulator/ca.pem -o llemulator-ca.pem\n`;
  const curl = `curl ${origin}/v1/chat/completions -H "Authorization: Bearer test-1" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'`;
  return [
    { name: "By a base URL", lines: `export OPENAI_BASE_URL=${origin}/v1\nexport OPENAI_API_KEY=test-1` },
    { name: "curl", lines: curl },
    { name: "Python", lines: `${proxy}export SSL_CERT_FILE=$PWD/llemulator-ca.pem\npython app.py` },
    { name: "Node", lines: `${proxy}export NODE_EXTRA_CA_CERTS=$PWD/llemulator-ca.pem\nexport NODE_USE_ENV_PROXY=1\nnode app.js` },
    { name: "Any program", lines: "llemulator run --script script.yaml -- COMMAND" },
  ];
}
