"""The Responses API apart from its operations: what a body asks for, the items, the object, and the events."""
