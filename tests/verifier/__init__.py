"""Tests of generator/verifier/verify.py, against an issuer written from docs/spec/bundle.md alone."""
