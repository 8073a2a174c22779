"""Defaults of the settings that more than one part of the program has. Times are in seconds, sizes in bytes."""

MANUAL_TIMEOUT = 300.0
BATCH_DURATION = 3.0
FINE_TUNING_DURATION = 10.0
IDLE_TIMEOUT = 300.0
"""Of an upstream."""
WEBSOCKET_IDLE = 600.0
WEBSOCKET_OPEN = 3600.0
"""OpenAI's (guide "WebSocket mode")."""
BODY_LIMIT = 32 << 20
BODIES_SIZE = 48 << 20
REQUEST_VALUES = 500_000
ANSWER_LIMIT = 4 << 30
JOURNAL_ENTRIES = 1000
JOURNAL_SIZE = 16 << 20
JOURNALS_SIZE = 24 << 20
STORED_SIZE = 24 << 20
ALL_STORED_SIZE = 24 << 20
SCRIPT_SIZE = 24 << 20
SESSIONS_SIZE = 24 << 20
WAITING_SIZE = 16 << 20
UNREAD_SIZE = 48 << 20
