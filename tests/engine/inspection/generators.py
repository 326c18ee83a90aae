"""What a generator of events returns."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import pytest

Value = TypeVar("Value")


def result_of(events: Generator[Any, None, Value | None]) -> Value:
    """Run it to its end; its return value, which must not be None."""
    with pytest.raises(StopIteration) as end:
        while True:
            next(events)
    assert end.value.value is not None
    return end.value.value  # type: ignore[no-any-return]
