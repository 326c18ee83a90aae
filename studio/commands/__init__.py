"""The commands, and what all of them share: options, drawing of progress, the edge where failures become sentences."""
