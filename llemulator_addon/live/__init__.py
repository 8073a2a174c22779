"""The parts that wait: turns of a token, requests for a person, and subscribers of a journal."""
