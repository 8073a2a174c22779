"""Secrets of every form, and names under which they are sent. None of them is real."""

from base64 import b64encode

_LETTERS = "0123456789abcdefABCDEFxyz0123456789abcdef"

FORMS = {
    "OpenAI": f"sk-{_LETTERS}",
    "OpenAI, of a project": f"sk-proj-{_LETTERS}_-{_LETTERS}",
    "OpenAI, of a client": f"ek_{_LETTERS}",
    "OpenAI, of a session": f"sess-{_LETTERS}",
    "Anthropic": f"sk-ant-api03-{_LETTERS}-AA",
    "JWT": f"ey{'JhbGciOiJIUzI1NiJ9'}.eyJzdWIiOiIxMjM0In0.{_LETTERS}",
    "JWT without a signature": f"ey{'JhbGciOiJub25lIn0'}.eyJzdWIiOiIxMjM0In0.",
    "Bearer": f"Bearer {_LETTERS[:20]}",
    "bearer": "bearer abc123def",
    "Basic": f"Basic {b64encode(b'user:password of it').decode()}",
    "Basic with letters that are escaped": f"Basic {b64encode(b'user:?>?>?>~~').decode()}",
    "GitHub": f"ghp_{_LETTERS[:36]}",
    "GitHub, of an app": f"ghs_{_LETTERS[:36]}",
    "GitHub, fine-grained": f"github_pat_{_LETTERS}_{_LETTERS}",
    "GitLab": f"glpat-{_LETTERS[:20]}",
    "AWS": f"AKIA{'QWERTYUIOP123456'}",
    "AWS, for a while": f"ASIA{'QWERTYUIOP123456'}",
    "Google": f"AIza{_LETTERS[:35]}",
    "Google, OAuth": f"ya29.{_LETTERS}",
    "Slack": f"xoxb-{_LETTERS[:24]}",
    "Hugging Face": f"hf_{_LETTERS[:34]}",
    "Groq": f"gsk_{_LETTERS}",
    "xAI": f"xai-{_LETTERS}",
    "Replicate": f"r8_{_LETTERS[:37]}",
    "npm": f"npm_{_LETTERS[:36]}",
    "PyPI": f"pypi-{_LETTERS}",
    "Stripe": f"sk_live_{_LETTERS[:24]}",
    "SendGrid": f"SG.{_LETTERS[:22]}.{_LETTERS}",
    "PEM": f"-----BEGIN {'PRIVATE'} KEY-----\n{_LETTERS}\n{_LETTERS}\n-----END PRIVATE KEY-----",
    "PEM, of RSA, broken off": f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{_LETTERS}\n{_LETTERS}",
    "URL with a password": "https://somebody:p4ssw0rd@db.example/path",
    "URL with a token": "see https://db.example/path?a=b&token=t0psecr3t#there",
    "URL in a URL": "https://db.example/to?next=https%3A%2F%2Fx.example%2F%3Faccess_token%3Dt0psecr3t",
}
"""Found wherever they stand."""

NAMES = (
    "authorization",
    "proxy-authorization",
    "x-forwarded-authorization",
    "authentication",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "x-amz-security-token",
    "x-auth",
    "x-jwt",
    "cf-access-jwt-assertion",
    "x-secret-thing",
    "x-hub-signature-256",
    "cookie",
    "access_token",
    "client_secret",
    "password",
    "db_passwd",
    "passphrase",
    "private_key",
    "aws_secret_access_key",
    "connection_string",
    "apiKey",
    "accessToken",
    "credentials",
    "jwt",
    "sig",
    "token",
)
"""What makes a secret of any value, as of Azure's 32 hexadecimal digits."""

ANY = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
"""A secret without a form."""


def core(secret: str) -> tuple[str, ...]:
    """Return the parts of a secret that must not be seen."""
    if secret.startswith(("Bearer", "bearer", "Basic")):
        return (secret.partition(" ")[2],)
    if secret.startswith("-----"):
        return (_LETTERS,)
    for part in ("somebody:p4ssw0rd", "t0psecr3t"):
        if part in secret:
            return (part,)
    return (secret,)
