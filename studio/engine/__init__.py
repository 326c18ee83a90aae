"""The engine: plain Python, numpy and torch. It never imports Qt, directly or transitively."""
