"""Answers that nobody wrote: text, JSON that is true to its schema and tool calls, all from the request and a seed."""
