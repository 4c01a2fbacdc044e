"""Tests of the sources: files as they really arrive, and what staff are told of their faults."""
