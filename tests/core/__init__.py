"""Tests of the core: rules without files, clock or keys."""
