"""The operations that OpenAI's API has and no file of `endpoints/` answers: a table describes them, and one resource
serves them all.
"""  # noqa: D205 - one sentence too long for a line
