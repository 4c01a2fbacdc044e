"""Tests of generator/letters."""
