"""Keys and the TUF repository."""
