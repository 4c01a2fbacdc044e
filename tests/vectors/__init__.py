"""Test vectors for every verifier: README.md says how to run them, ``python -m tests.vectors.make`` writes them."""
