"""Chat completions: their request bodies, and what of them is refused."""
