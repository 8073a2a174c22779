"""How long tests wait for what must come. It decides nothing but how long a test that hangs takes."""

SECONDS = 300
"""Many times what the slowest part takes on a machine that is slow and busy."""
