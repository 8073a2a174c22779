"""llemulator: scripted, deterministic answers to what an unmodified application asks OpenAI's API."""
