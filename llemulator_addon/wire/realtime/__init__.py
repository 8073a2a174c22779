"""Realtime: a talk on WebSocket in which a session, its conversation and the sound that came are one value."""
