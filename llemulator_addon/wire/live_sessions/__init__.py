"""GPT-Live sessions over WebSocket."""
