"""Figures of the quality table, each printed as JSON: `python -m tests.benchmarks.<name>`."""

import studio.engine  # noqa: F401  (first of all, because it says how torch's threads wait)
