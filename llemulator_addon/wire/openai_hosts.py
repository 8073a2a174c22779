"""The hosts of OpenAI and of Azure OpenAI, as a closed rule.

A rule and not a list of names: OpenAI adds regions and Azure has a name for each customer, so whatever stands before
one of these suffixes belongs to it. A host that takes such a key and is missing here would get it.
"""

import unicodedata
from functools import lru_cache

OPENAI_HOSTS = (
    "api.openai.com",
    # Regions (https://platform.openai.com/docs/guides/your-data), mutual TLS, and what comes.
    "*.api.openai.com",
    # Azure OpenAI, and the other names under which an Azure AI resource takes the same key
    # (https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains). Each cloud has an ending of
    # its own: .com, .us, .cn.
    "*.openai.azure.*",
    "*.cognitiveservices.azure.*",
    "*.services.ai.azure.*",
    "*.api.cognitive.microsoft.*",
    "*.api.cognitive.azure.*",
    # A name for the program itself, for whoever can only name a host.
    "llemulator",
)
"""Globs of the hosts that are answered: they serve the API."""

REFUSED_HOSTS = (
    "openai.com",
    "*.openai.com",
    "*.openai.com.cdn.cloudflare.net",
    "openai.org",
    "*.openai.org",
    "chatgpt.com",
    "*.chatgpt.com",
    "chat.com",
    "*.chat.com",
    "sora.com",
    "*.sora.com",
    # Files and CDNs.
    "oaiusercontent.com",
    "*.oaiusercontent.com",
    "oaistatic.com",
    "*.oaistatic.com",
    "oaistatsig.com",
    "*.oaistatsig.com",
    "openai*.azureedge.net",
    "openai*.azurefd.net",
    "openai*.blob.core.windows.net",
    "openai.azure.*",
    "cognitiveservices.azure.*",
    "services.ai.azure.*",
    "api.cognitive.microsoft.*",
    "api.cognitive.azure.*",
)
"""Globs of hosts that belong to OpenAI or Azure OpenAI too, and are not answered: nothing passes to them."""


@lru_cache(4096)
def normalize(host: str) -> str:
    """Return a host name as a resolver would look it up: letter case, width, dots and invisible characters are folded.

    Letters of full width, other dots and soft hyphens name the same host (IDNA, RFC 3490 3.1 and RFC 3491).
    """
    if not host.isascii():
        visible = "".join(character for character in host if unicodedata.category(character) != "Cf")
        host = unicodedata.normalize("NFKC", visible.replace("。", "."))
    return host.strip().lower().rstrip(".")
