"""Numbers as people read them."""

from __future__ import annotations

import pytest

from studio.commands import words


@pytest.mark.parametrize(("value", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (42, "42 s"), (99.4, "99 s"),
                                             (100, "2 min"), (3000, "50 min"), (7200, "2.0 h")])
def test_time_spans(value: float, text: str) -> None:
    assert words.seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(999, "999 B"), (1500, "2 kB"), (3.2e6, "3 MB"), (2.34e9, "2.3 GB")])
def test_sizes(value: float, text: str) -> None:
    assert words.size(value) == text


def test_counts_and_shares() -> None:
    assert [words.counted(1, "video"), words.counted(12345, "video")] == ["1 video", "12 345 videos"]
    assert words.counted(2, "query", "queries") == "2 queries"
    assert [words.share(None), words.share(0.1234)] == ["?", "12.3 %"]


def test_tables_align_words_left_and_numbers_right() -> None:
    assert words.table([["name", "steps"], ["a", "5"], ["longer", "120"]]) == (
        "name    steps\na           5\nlonger    120")
