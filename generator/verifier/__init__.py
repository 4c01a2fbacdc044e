"""What merchants run: checks a person against an eligibility bundle, offline. Imports nothing of the generator."""
