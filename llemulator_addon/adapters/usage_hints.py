"""Lines for a user to copy: how to send an application's calls to llemulator."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The address of the proxy, and the files that a client must trust."""

    url: str
    ca: Path
    bundle: Path
    is_everywhere: bool = False
    """Whether the proxy listens on all addresses of this machine, of which `url` names one."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment that routes an unmodified application through the proxy."""
        return {
            "HTTPS_PROXY": self.url,
            "SSL_CERT_FILE": str(self.bundle),
            "NODE_EXTRA_CA_CERTS": str(self.ca),
            "NODE_USE_ENV_PROXY": "1",
        }


def how_to_use(address: Address) -> str:
    """Return the ways to send an application's calls to llemulator."""
    everywhere = "\nIt also listens on all other addresses of this machine." if address.is_everywhere else ""
    return f"""llemulator listens on {address.url}{everywhere}
To watch requests, and to answer them by hand, open {address.url} in a browser.
To send an app's calls here, run this in the shell that starts it:
  export {_assignments(address)}
Or skip certificates and set the base URL:
  export OPENAI_BASE_URL={address.url}/v1
For an app that ignores these variables, such as Node before 22.21, use this instead:
  llemulator run --script FILE -- COMMAND"""


def how_to_sign_in(address: Address, code: str) -> str:
    """Return the link that signs in one browser, for those who need a key for the console."""
    return f"Console, for one browser and one time:\n  {address.url}/?key={code}"


def examples(address: Address) -> str:
    """Give a line to try for each of curl, Python and Node."""
    environment = f"{_assignments(address)} OPENAI_API_KEY=any"
    body = '{"model": "gpt-5.4", "messages": [{"role": "user", "content": "Hello"}]}'
    return f"""curl:
{_curl(address, body)}
Python (pip install openai):
  {environment} python -c '
import openai
answer = openai.OpenAI().chat.completions.create(**{body})
print(answer.choices[0].message.content)'
Node (npm install openai), streaming:
  {environment} node --input-type=module -e '
import OpenAI from "openai"
const stream = await new OpenAI().chat.completions.create({{...{body}, stream: true}})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? "")'"""


def example_of_model(address: Address, model: str) -> str:
    """Give a line that streams the answer of one model."""
    question = '[{"role": "user", "content": "Who are you?"}]'
    body = f'{{"model": "{model}", "stream": true, "max_tokens": 100, "messages": {question}}}'
    return f"""{model}, streaming:
{_curl(address, body)} --no-buffer"""


def _curl(address: Address, body: str) -> str:
    url = "https://api.openai.com/v1/chat/completions"
    return f"""  curl --proxy {address.url} --cacert {quote(str(address.ca))} {url} \\
    -H 'Authorization: Bearer any' -H 'Content-Type: application/json' -d '{body}'"""


def _assignments(address: Address) -> str:
    return " ".join(f"{name}={quote(value)}" for name, value in address.variables.items())
