"""Keys and the TUF repository: who signs, what is signed, which version is current."""
