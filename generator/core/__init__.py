"""Rules and values: pure functions of their arguments, with no files, clock, keys or network."""
