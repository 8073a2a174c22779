"""Values that every floor above shares: requests, prompts, replies, steps, stamps."""
