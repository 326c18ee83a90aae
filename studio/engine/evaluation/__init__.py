"""What was learned, in numbers that stand beside chance and random weights."""
