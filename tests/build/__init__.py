"""The pipeline and what it writes."""
