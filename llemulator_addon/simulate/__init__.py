"""Answers that nobody wrote: text, JSON that is true to its schema and tool calls, all from the request and a seed.

`answer.simulated` makes an answer; `strict.refuse_schema` says which schemas the API would not take.
"""
