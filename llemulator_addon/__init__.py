"""llemulator: scripted, deterministic answers to what an unmodified application asks OpenAI's API."""

__version__ = "0.1.0"
