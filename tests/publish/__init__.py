"""The last yard."""
