"""The Sampling page on real clips and the real worker: tuples, windows, answers, the quiz, and what cannot be dealt."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from studio.gui import theme
from studio.gui.pages.sampling import QUESTIONS, TUPLES, SamplingPage, first_long_enough
from studio.gui.recipes import Values
from studio.gui.session import Session
from studio.gui.widgets.player import clip_rate
from studio.gui.widgets.quiz import Answer, answer_note, can_ask, is_right, verdict
from studio.gui.widgets.tuple_view import LETTERS, Dealt, answer_text, element_text
from studio.gui.words import breakable, frames_text
from tests.gui.conftest import wait_for
from tests.gui.warm import put_away, warm_session


@pytest.fixture(scope="module")
def warm(qapp: QApplication, sample_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with warm_session(sample_project, tmp_path_factory.mktemp("sampling")) as session:
        yield session


@pytest.fixture
def page(warm: Session, tiny_recipe: dict[str, Any]) -> Iterator[SamplingPage]:
    warm.set_recipe(whole(warm, tiny_recipe))
    made = SamplingPage(warm)
    made.resize(1140, 660)
    made.show()
    made.refresh()
    dealt(made)
    yield made
    put_away(made)


def whole(session: Session, values: dict[str, Any]) -> Values:
    found: list[Values] = []
    session.ask("recipe", {"values": values}, then=lambda result, _pictures: found.append(result["values"]))
    wait_for(lambda: found)
    return found[0]


def dealt(page: SamplingPage) -> list[Dealt]:
    wait_for(lambda: not page.dealing.waiting and "augmentation" in page.options.forms)
    return page.tuples.tuples


def test_it_waits_for_videos(session: Session) -> None:
    page = SamplingPage(session)
    reason, where = page.waits_for() or ("", "")
    assert where == "library" and reason.endswith(".")
    page.deleteLater()


def test_the_tuples_are_shown_as_the_network_gets_them(page: SamplingPage, warm: Session) -> None:
    tuples = dealt(page)
    assert len(tuples) == TUPLES and page.waits_for() is None
    first = tuples[0]
    assert first.pictures_EFHW3.shape == (3, 8, 56, 56, 3), "three clips of eight frames, cropped and resized"
    view = page.tuples.views[0]
    tile = view.tiles[1].picture()
    assert tile is not None
    assert np.array_equal(tile, first.pictures_EFHW3[1, 0])
    cached = warm.cached_video(first.video_id)
    assert cached is not None
    for frames_F, times_F in zip(first.frames, first.times, strict=True):
        assert np.allclose(cached.times_N[frames_F], times_F, atol=1e-3)
    facts = view.facts()
    group = warm.usable_videos[0].group
    for words in (f"Group {breakable(group)}", f"{first.span_seconds:.2f} s", "pixels a frame", "the video's mean"):
        assert words in facts
    caption = view.tiles[0].accessibleName()
    assert f"frames {first.frames[0][0]}–{first.frames[0][-1]}" in caption and "in time" in caption


def test_elements_of_a_tuple_play_together_under_the_mouse(page: SamplingPage) -> None:
    one, other = page.tuples.views[0].tiles[:2]
    assert one.player is other.player and one.player is not page.tuples.views[1].tiles[0].player
    one.player.play()
    wait_for(lambda: one.value() >= 2)
    assert other.value() == one.value()
    one.player.stop()


def test_the_windows_lie_on_the_curve_and_the_selected_one_shows_its_elements(page: SamplingPage) -> None:
    tuples = dealt(page)
    curve = page.motion.curve
    assert [(window.start, window.stop) for window in curve.windows] == [one.window_seconds for one in tuples]
    assert [text for *_times, text in curve.windows[0].elements] == ["A", "B", "C"]
    view = page.tuples.views[0]
    assert [tile.accessibleName()[:2] for tile in view.tiles] == ["A:", "B:", "C:"], "as on the curve"
    in_time = sorted(curve.windows[0].elements)
    assert view.facts().startswith("In time: " + ", ".join(letter for *_times, letter in in_time))
    curve.window_clicked.emit(2)
    assert page.tuples.value() == 2 and page.tuples.views[2].tiles[0].selected
    QTest.mouseClick(page.tuples.views[1].tiles[0], Qt.MouseButton.LeftButton)
    assert page.tuples.value() == 1


def test_the_cursor_moves_by_keys_and_the_frames_follow(page: SamplingPage) -> None:
    curve, strip = page.motion.curve, page.motion.strip
    start = curve.value()
    QTest.keyClick(curve, Qt.Key.Key_Home)
    assert curve.value() == 0 == strip.value() and start != 0
    QTest.keyClick(curve, Qt.Key.Key_Right)
    assert strip.value() == 1 and "frame 1" in curve.accessibleDescription()
    QTest.keyClick(curve, Qt.Key.Key_End)
    assert strip.video is not None
    assert strip.value() == strip.video.frames - 1
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert curve.value() == strip.video.frames - 2
    assert strip.shown_frames().count(strip.value()) == 1


def test_hidden_answers_are_hidden_everywhere(page: SamplingPage) -> None:
    page.answers.click()
    view = page.tuples.views[0]
    assert [tile.accessibleName() for tile in view.tiles] == ["A", "B", "C"]
    assert view.facts().startswith("Answer hidden")
    assert not any(window.elements for window in page.motion.curve.windows)


def test_another_deal_is_another_and_the_command_line_repeats_it(page: SamplingPage) -> None:
    before = [one.frames for one in dealt(page)]
    seed = page.command_line().partition("--seed ")[2].split()[0]
    QTest.mouseClick(page.deal, Qt.MouseButton.LeftButton)
    after = [one.frames for one in dealt(page)]
    assert after != before
    assert page.command_line().partition("--seed ")[2].split()[0] != seed
    assert page.command_line().startswith("studio preview ") and "--video" in page.command_line()


def test_every_change_of_an_option_deals_anew_once(page: SamplingPage, warm: Session) -> None:
    asked: list[dict[str, Any]] = []
    ask = warm.service.ask
    warm.service.ask = lambda method, params, **rest: (asked.append(params), ask(method, params, **rest))  # type: ignore[method-assign]
    try:
        for length in (4, 5, 4):
            page.options.forms["sampling"].field("tuple_length").editor.setValue(length)
        tuples = dealt(page)
    finally:
        warm.service.ask = ask  # type: ignore[method-assign]
    assert len(asked) == 1, "changes in quick succession are asked once"
    assert warm.recipe["sampling"]["tuple_length"] == 4
    assert all(len(one.frames) == 4 == len(view.tiles) for one, view in zip(tuples, page.tuples.views, strict=True))
    assert "24 possible answers" in page._guess.text()


def test_a_stale_answer_is_never_shown(page: SamplingPage) -> None:
    took: list[list[list[int]]] = []

    def ask(seed: int) -> None:
        page.dealing.ask(count=1, seed=seed, video_id=None, then=lambda tuples, _result: took.append(tuples[0].frames))

    ask(2)
    dealt(page)
    ask(1)
    wait_for(lambda: not page.dealing._soon.isActive())
    ask(2)  # the answer to the last question may come while this one is still held back
    dealt(page)
    assert len(took) == 2 and took[0] == took[1]


def test_channel_splitting_is_seen_in_the_pictures(page: SamplingPage, warm: Session) -> None:
    warm.change_recipe("augmentation.channel_splitting", True)
    tuples = dealt(page)
    grey_EFHW3 = tuples[0].pictures_EFHW3
    assert np.array_equal(grey_EFHW3[..., 0], grey_EFHW3[..., 1])
    assert " only" in page.tuples.views[0].tiles[0].accessibleName()


def test_a_recipe_that_is_too_long_says_so_in_place_of_the_tuples(page: SamplingPage, warm: Session) -> None:
    warm.change_recipe("sampling.clip_frames", 64)
    dealt(page)
    assert page.problem.isVisible() and not page.tuples.isVisible() and not page.ask_me.isEnabled()
    assert "frames" in page.problem.value() and page.problem._remedy.text()
    warm.change_recipe("sampling.clip_frames", 8)
    assert len(dealt(page)) == TUPLES
    assert not page.problem.isVisible() and page.tuples.isVisible() and page.ask_me.isEnabled()


def test_what_cannot_be_dealt_disables_the_buttons_and_they_say_why(page: SamplingPage, warm: Session) -> None:
    assert page.deal.isEnabled() and "Answer" in page.ask_me.toolTip()
    warm.change_recipe("sampling.clip_frames", 64)
    dealt(page)
    for one in (page.deal, page.ask_me):
        assert not one.isEnabled() and one.toolTip() == page.problem.value()
    assert page.problem.details.isVisible(), "the report can be copied"
    warm.change_recipe("sampling.clip_frames", 8)
    dealt(page)
    assert page.deal.isEnabled() and page.deal.toolTip() != page.problem.value()


def test_what_is_waited_for_can_be_stopped_and_asked_again(page: SamplingPage) -> None:
    page.deal_another()
    page.waiting._appear()
    QTest.mouseClick(page.findChild(QWidget, "sampling.waiting.stop"), Qt.MouseButton.LeftButton)
    assert not page.dealing.waiting and page.problem.value() == "Stopped." and page.deal.isEnabled()
    QTest.mouseClick(page.deal, Qt.MouseButton.LeftButton)
    assert len(dealt(page)) == TUPLES and page.problem.isHidden()


def test_it_opens_with_the_first_video_that_is_long_enough(warm: Session, tiny_recipe: dict[str, Any]) -> None:
    long = warm.usable_videos[0]
    videos = [replace(long, id=1, frames=2), replace(long, id=2, frames=32), replace(long, id=3, frames=60)]
    assert first_long_enough(videos, tiny_recipe) == 2
    assert first_long_enough(videos, {**tiny_recipe, "sampling": {"tuple_length": 99}}) == 3
    assert first_long_enough(videos, {**tiny_recipe, "sampling": {"clip_frames": 64}}) == 3, "none has room"


def test_the_options_scroll_beside_the_pictures(page: SamplingPage) -> None:
    side, tile = page._side, page.tuples.views[0].tiles[0]
    option = page.options.forms["augmentation"].field("input_pixels")
    wait_for(lambda: side.verticalScrollBar().maximum() > 500)
    assert not option.visibleRegion().boundingRect().height()
    side.ensureWidgetVisible(option)
    wait_for(lambda: option.visibleRegion().boundingRect().height() == option.height())
    assert page.scroll.verticalScrollBar().value() == 0 and tile.visibleRegion().boundingRect().height() > 100
    page.resize(700, 660)
    wait_for(lambda: side.height() == side.widget().height() and side.verticalScrollBar().maximum() == 0)
    assert side.y() > page.tuples.geometry().bottom(), "under the pictures where there is no room beside them"


def test_all_videos_as_in_training(page: SamplingPage) -> None:
    page.videos.setCurrentIndex(0)
    tuples = dealt(page)
    assert page.videos.value() is None and len({one.video_id for one in tuples}) > 1
    assert "--video" not in page.command_line()
    page.motion.tuple_clicked.emit(3)
    assert page.motion._video_id == tuples[3].video_id


def answer_with(page: SamplingPage, places: Callable[[list[int]], list[int]]) -> None:
    """Answer every question of the quiz, given the true place of each element."""
    quiz = page.quiz
    while quiz._waiting:
        wanted = places(quiz._waiting[0].order)
        for place in range(len(wanted)):
            tile = quiz._view.tiles[wanted.index(place)]
            tile.setFocus()
            QTest.keyClick(tile, Qt.Key.Key_Return)
        QTest.mouseClick(quiz._next, Qt.MouseButton.LeftButton)


def test_a_quiz_answered_rightly(page: SamplingPage) -> None:
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    assert not page.motion.isVisible() and not page.options.isVisible() and not page.tuples.isVisible()
    assert not page.quiz._next.isEnabled()
    assert all(len(tile.accessibleName()) == 1 for tile in page.quiz._view.tiles), "nothing gives the answer away"
    answer_with(page, lambda truth: truth)
    assert len(page.quiz.value()) == QUESTIONS and all(answer.right for answer in page.quiz.value())
    assert page.quiz._head.text() == "10 of 10 right" and "better than guessing" in page.quiz.result()
    QTest.mouseClick(page.quiz._end, Qt.MouseButton.LeftButton)
    assert len(dealt(page)) == TUPLES
    assert page.tuples.isVisible() and not page.quiz.isVisible()


def test_a_quiz_answered_wrongly_lists_what_was_missed(page: SamplingPage) -> None:
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    answer_with(page, lambda truth: [truth[-1], *truth[:-1]])
    assert page.quiz._head.text() == "0 of 10 right"
    missed = page.quiz.findChild(QWidget, "sampling.quiz_missed_1")
    assert missed is not None and "You said" in missed.facts()
    assert page.quiz.result().count("%") == 3


def test_the_keyboard_goes_on_with_the_next_question(page: SamplingPage) -> None:
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    page.window().activateWindow()
    quiz = page.quiz
    for _ in range(2):
        wait_for(quiz._view.tiles[0].hasFocus)
        for tile in quiz._view.tiles:
            tile.setFocus()
            QTest.keyClick(tile, Qt.Key.Key_Return)
        quiz._next.setFocus()
        QTest.keyClick(quiz._next, Qt.Key.Key_Space)
    assert len(quiz.value()) == 2 and quiz._view.tiles[0].hasFocus() and not quiz._next.isEnabled()


def test_a_quiz_that_is_ended_early_shows_what_was_answered(page: SamplingPage) -> None:
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    quiz = page.quiz
    quiz._answers = [Answer(quiz._waiting.pop(0), [0, 1, 2], right) for right in (True, False, True)]
    QTest.mouseClick(quiz._end, Qt.MouseButton.LeftButton)
    assert quiz.isVisible() and quiz._head.text() == "2 of 3 right" and "of 3 (17" in quiz.result()
    assert quiz._count.text() == "Your answers to 3 of 10 questions"
    QTest.mouseClick(quiz._end, Qt.MouseButton.LeftButton)
    assert quiz.isHidden()
    dealt(page)
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    QTest.mouseClick(quiz._end, Qt.MouseButton.LeftButton)
    assert quiz.isHidden(), "nothing was answered, so there is nothing to show"


def test_a_still_tuple_answered_rightly_is_named_as_well(page: SamplingPage) -> None:
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    quiz = page.quiz
    quiz._waiting[0] = replace(quiz._waiting[0], motion=0.1, usual_motion=1.0)
    quiz._waiting[1:] = [replace(one, motion=1.0, usual_motion=1.0) for one in quiz._waiting[1:]]
    answer_with(page, lambda truth: truth)
    lucky = quiz.findChild(QWidget, "sampling.quiz_lucky_1")
    assert quiz._head.text() == "10 of 10 right" and lucky is not None and "luck" in lucky.facts()
    assert quiz.findChild(QWidget, "sampling.quiz_lucky_2") is None


ODD = {"task": "odd-one-out", "sampling": {"tuple_length": 3, "clip_frames": 5}, "task_options": {}}


def _point(page: SamplingPage, right: bool) -> None:
    """Answer every question by pointing at one element."""
    quiz = page.quiz
    while quiz._waiting:
        odd = quiz._waiting[0].odd
        assert odd is not None
        for number in ((odd + 1) % 3, odd if right else (odd + 2) % 3):  # a second choice replaces the first
            quiz._view.tiles[number].setFocus()
            QTest.keyClick(quiz._view.tiles[number], Qt.Key.Key_Return)
        QTest.mouseClick(quiz._next, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("right", [True, False])
def test_a_quiz_about_the_odd_one_is_answered_by_pointing(page: SamplingPage, warm: Session,
                                                         tiny_recipe: dict[str, Any], right: bool) -> None:
    warm.set_recipe(whole(warm, {**tiny_recipe, **ODD}))
    page.refresh()
    tuples = dealt(page)
    assert all(can_ask(one, 3) and one.odd is not None for one in tuples)
    assert {element_text(tuples[0], number).split("\n")[0] for number in range(3)} == {"The odd one", "In order"}
    assert answer_text(tuples[0]) == f"Odd one: {LETTERS[tuples[0].odd or 0]}"
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    assert "choose the odd one" in page.quiz._how.text() and not page.quiz._next.isEnabled()
    _point(page, right)
    assert len(page.quiz.value()) == QUESTIONS
    assert page.quiz._head.text() == ("10 of 10 right" if right else "0 of 10 right")
    if not right:
        missed = page.quiz.findChild(QWidget, "sampling.quiz_missed_1")
        assert missed is not None and "You said " in missed.facts() and "Odd one: " in missed.facts()


ORDERED = {"task": "shuffle-and-learn", "sampling": {"tuple_length": 3, "clip_frames": 1},
           "task_options": {"tau_max_frames": 8, "tau_min_frames": 4, "similarity_threshold": 0}}


def test_a_quiz_with_one_of_two_answers_asks_for_both_equally_often(page: SamplingPage, warm: Session,
                                                                    tiny_recipe: dict[str, Any]) -> None:
    warm.set_recipe(whole(warm, {**tiny_recipe, **ORDERED}))
    page.refresh()
    assert [one.choices for one in dealt(page)] == [("In order", "Out of order")] * TUPLES
    assert "always giving the commonest is right in 75\u00a0%" in page._guess.text()
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    quiz, labels = page.quiz, []
    assert not quiz._next.isVisible() and [one.text() for one in quiz._choices if one.isVisible()] == [
        "In order", "Out of order"]
    while quiz._waiting:
        labels.append(quiz._waiting[0].label)
        frames = [frames_F[0] for frames_F in quiz._waiting[0].frames]
        in_order = sorted(frames) in (frames, frames[::-1])
        QTest.mouseClick(quiz._choices[0 if in_order else 1], Qt.MouseButton.LeftButton)
    assert labels.count(0) == labels.count(1) == QUESTIONS // 2
    assert quiz._head.text() == "10 of 10 right" and "better than guessing" in quiz.result()
    assert "Guessing would give 5.0 of 10 (50 %)" in quiz.result()


GEOMETRY = {"task": "order-geometry", "sampling": {"tuple_length": 3, "clip_frames": 1}, "task_options": {}}


def test_only_the_elements_asked_about_are_in_the_quiz(page: SamplingPage, warm: Session,
                                                       tiny_recipe: dict[str, Any]) -> None:
    warm.set_recipe(whole(warm, {**tiny_recipe, **GEOMETRY}))
    page.refresh()
    first = dealt(page)[0]
    assert len(first.frames) == 6 and first.asked == 3 and can_ask(first, 3)
    said = [element_text(first, number).split("\n")[0] for number in range(6)]
    assert sorted(said[:3]) == ["1st in time", "2nd in time", "3rd in time"] and said[3:] == ["Turned"] * 3
    assert "Turned by" in page.tuples.views[0].facts()
    QTest.mouseClick(page.ask_me, Qt.MouseButton.LeftButton)
    wait_for(page.quiz.isVisible)
    assert len(page.quiz._view.tiles) == 3 and "Only the order" in page.quiz._how.text()
    answer_with(page, lambda truth: truth)
    assert page.quiz._head.text() == "10 of 10 right"


def test_clips_shuffled_inside_are_told_and_played_so_that_they_can_be_compared() -> None:
    assert frames_text([14, 12, 13]) == "frames 14, 12, 13" and frames_text([12, 13, 15]) == "frames 12–15"
    assert clip_rate([[0.0, 0.1, 0.2]]) == pytest.approx(10)
    assert clip_rate([[0.2, 0.0, 0.1], [1.0, 1.1, 1.2]]) == pytest.approx(10), "the pace of the one in order"
    assert clip_rate([[5.0, 0.0, 9.0], [0.0, 6.0, 8.0]]) == 4.0, "frames from all over the video"
    assert clip_rate([[0.0], [1.0]]) == clip_rate([[0.2, 0.0, 0.1]]) == 15.0


def test_what_a_result_means() -> None:
    assert "better than guessing" in verdict(7, 10, chance=1 / 6)
    assert "cannot tell this from guessing" in verdict(2, 10, chance=1 / 6)
    assert "worse than guessing" in verdict(0, 10, chance=0.5)
    assert "Guessing would give 1.7 of 10 (17 %)" in verdict(2, 10, chance=1 / 6)


def test_forward_and_backward_count_as_one_only_where_they_do() -> None:
    assert is_right([0, 1, 2], [0, 1, 2], merged=False)
    assert is_right([2, 1, 0], [0, 1, 2], merged=True) and not is_right([2, 1, 0], [0, 1, 2], merged=False)
    assert not is_right([1, 0, 2], [0, 1, 2], merged=True)


def test_a_missed_tuple_in_which_little_moves_is_excused() -> None:
    shared = {"video_id": 1, "video": "a.mp4", "answer": "in order", "frames": [[0], [1]], "times": [[0.0], [0.1]],
              "order": [0, 1], "window_seconds": (0.0, 0.1), "span_seconds": 0.1, "flip": False, "channel": [-1, -1],
              "pictures_EFHW3": np.zeros((2, 1, 4, 4, 3), np.uint8), "usual_motion": 1.0}
    assert "nobody could be sure" in answer_note(Answer(Dealt(motion=0.2, **shared), [1, 0], False))
    assert "luck" in answer_note(Answer(Dealt(motion=0.2, **shared), [0, 1], True))
    assert answer_note(Answer(Dealt(motion=0.9, **shared), [1, 0], False)) == "You said B, A."


def test_every_control_has_a_name_and_nothing_is_cut_at_twice_the_text(
        qapp: QApplication, page: SamplingPage, warm: Session) -> None:
    for name in ("video", "curve", "deal", "tuples", "quiz", "answers", "clip_frames", "crop_pixels"):
        found = page.findChild(QWidget, f"sampling.{name}")
        assert found is not None and found.accessibleName(), name
    for scale, colours in ((2.0, theme.LIGHT), (1.0, theme.DARK)):
        theme.apply(qapp, colours, scale)
        other = SamplingPage(warm)
        other.resize(1280 - round(152 * scale), 648)
        other.show()
        other.refresh()
        dealt(other)
        area = other.findChild(QScrollArea)
        assert area is not None
        assert area.horizontalScrollBar().maximum() == 0, "nothing to scroll sideways"
        put_away(other)
