"""Judges a journal: whether rules were used as they say, and how the client behaved."""
