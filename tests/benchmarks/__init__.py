"""Measurements too slow, or too noisy, to be tests: each is a script that prints what it found."""
