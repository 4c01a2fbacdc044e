"""Clients that we did not write, installed by npm."""
