"""`template: true`: texts of a reply in Jinja's syntax.

Jinja reads a template into its tree, and this package walks the tree itself: no code is made of it, nothing of Python
can be reached from it, and each node, each loop and each character that it makes is paid from a budget.
"""
