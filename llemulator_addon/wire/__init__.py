"""Bytes as OpenAI sends them. Knows no script."""
