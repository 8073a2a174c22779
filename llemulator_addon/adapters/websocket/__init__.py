"""WebSocket as it is spoken with clients: frames, a connection, and Responses on it. Knows no proxy."""
