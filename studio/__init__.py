"""Unshuffle Studio: learn how things move from one's own unlabelled videos."""

__version__ = "0.1.0"
