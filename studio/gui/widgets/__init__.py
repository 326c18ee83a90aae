"""Widgets that edit or show one value each."""
