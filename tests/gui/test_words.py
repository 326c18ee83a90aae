"""Numbers and names as a person reads them."""

from __future__ import annotations

from studio.gui.words import breakable, bytes_text, counted, duration, frames_text, number, ordinal, share

ZERO = "\u200b"


def test_names_may_break_at_their_signs_and_very_long_words_anywhere() -> None:
    assert breakable("a_b-c.d/e") == ZERO.join(["a_", "b-", "c.", "d/", "e"])
    assert breakable("Two words") == "Two words"
    long = "Rindfleischetikettierungsueberwachungsgesetz"
    assert breakable(long).replace(ZERO, "") == long
    assert max(map(len, breakable(long).split(ZERO))) <= 24 + 3
    assert breakable("x" * 26) == "x" * 26, "not for the sake of two letters"


def test_numbers_are_short() -> None:
    assert [duration(seconds) for seconds in (None, 8, 200, 900, 7500, 400_000)] == [
        "?", "8 s", "3 min 20 s", "15 min", "2 h 5 min", "5 days"]
    assert (bytes_text(640_000), bytes_text(12), number(12_400)) == ("640 kB", "12 bytes", "12\u202f400")
    assert (share(None), share(0.05), share(0.5)) == ("–", "5.0 %", "50 %")
    assert (counted(1, "video"), counted(2, "entry", "entries")) == ("1 video", "2 entries")
    assert [ordinal(place) for place in (1, 2, 3, 4, 11, 22)] == ["1st", "2nd", "3rd", "4th", "11th", "22nd"]
    assert frames_text([7]) == "frame 7" and frames_text([14, 12, 13]) == "frames 14, 12, 13"
