"""The words of `faults`: each rewrites the steps of an answer."""
