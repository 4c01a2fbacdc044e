"""What merchants receive."""
