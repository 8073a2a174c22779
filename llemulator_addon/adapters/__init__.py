"""Ways in: mitmproxy and the command line, with the settings that both read."""
