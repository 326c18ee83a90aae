"""Folders -> frames: which files are videos, what is in them, and a cache that is read at random. Free of torch."""
