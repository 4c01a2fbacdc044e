"""Makes the vectors from fixed seeds, from docs/spec/bundle.md alone: no code of the generator or of a verifier."""
