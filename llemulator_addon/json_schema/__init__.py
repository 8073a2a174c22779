"""JSON Schema: reading, checking and applying it, within a budget of work."""
