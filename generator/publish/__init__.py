"""The last yard: build/site/ to a web host, and a look at it on this machine."""
