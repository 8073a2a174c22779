"""The hosts at which OpenAI's API is."""

OPENAI_HOSTS = (
    "api.openai.com",
    # Regions with data residency, https://platform.openai.com/docs/guides/your-data
    "us.api.openai.com",
    "eu.api.openai.com",
    "ae.api.openai.com",
    "au.api.openai.com",
    "in.api.openai.com",
    "jp.api.openai.com",
    "mtls.api.openai.com",
    "*.openai.azure.com",
    # A name for the program itself, for whoever can only name a host.
    "llemulator",
)
"""Globs."""
