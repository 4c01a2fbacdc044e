"""The website: values in, the bytes of every file out.

It knows of lists/ what ``core.disclosure`` let through, and nothing else.
"""
