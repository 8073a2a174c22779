"""Another program, run with everything that leads its clients here."""
