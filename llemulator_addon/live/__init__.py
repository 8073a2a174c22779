"""Objects of the event loop: queues of a token, requests that wait, subscribers, and threads for large work."""
