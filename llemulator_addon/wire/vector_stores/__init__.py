"""Vector stores: the texts of files, cut into chunks, and how they are searched."""
