"""The problems of filling in a template."""


class TemplateProblem(ValueError):
    """The text says what is wrong, for the person who wrote the template."""
