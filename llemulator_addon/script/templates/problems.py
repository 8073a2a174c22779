"""What may go wrong while a template is filled in."""


class TemplateProblem(ValueError):
    """The text says what is wrong, for the person who wrote the template."""
