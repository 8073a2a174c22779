"""A real model on this machine: its weights, and a server of its own that answers with it."""
