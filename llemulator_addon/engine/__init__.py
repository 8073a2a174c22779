"""The decision about a request. Pure: a session and a request in, a session and an outcome out."""
