"""The warm worker: questions in, answers and pictures out, and an end when its input ends."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from io import FileIO
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engine.inspection.kept_probes import keep_probe
from studio.engine.preview import deal
from studio.engine.project import Project
from studio.engine.recipe import make_recipe
from studio.engine.sampling import some_of
from studio.engine.service.worker import Worker
from studio.engine.training.pixels import displayable, gather, network_input
from studio.engine.video.footage import open_footage

Message = dict[str, Any]


class Asking:
    """The window's end of a worker."""

    def __init__(self, writing: int, reading: FileIO) -> None:
        self._writing, self._reading = writing, reading
        self._last, self._rest = 0, b""

    def send(self, message: Message) -> None:
        os.write(self._writing, json.dumps(message).encode() + b"\n")

    def ask(self, method: str, *, supersedes: bool = False, **params: Any) -> int:
        self._last += 1
        self.send({"id": self._last, "method": method, "params": params, "supersedes": supersedes})
        return self._last

    def receive(self) -> Message:
        while b"\n" not in self._rest:
            chunk = self._reading.read(1 << 16)
            if not chunk:
                raise EOFError
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return dict(json.loads(line))

    def answer(self, method: str, **params: Any) -> Message:
        """The answer to one question, whose events are passed over."""
        number = self.ask(method, **params)
        while True:
            message = self.receive()
            if message.get("id") == number and "event" not in message:
                return message

    def end(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1


@pytest.fixture
def asking() -> Iterator[Asking]:
    """A worker in a thread of this process."""
    (requests, to_worker), (from_worker, answers) = os.pipe(), os.pipe()
    with FileIO(requests, "rb") as questions, os.fdopen(answers, "wb") as output, FileIO(from_worker, "rb") as reading:
        worker = threading.Thread(target=Worker(questions, output).run)
        worker.start()
        window = Asking(to_worker, reading)
        assert window.receive() == {"ready": True}
        yield window
        window.end()
        worker.join(10)
        assert not worker.is_alive()


def pictures_of(message: Message) -> list[np.ndarray]:
    found = []
    for one in message["pictures"]:
        block = SharedMemory(name=one["name"])
        count = int(np.prod(one["shape"])) * np.dtype(one["dtype"]).itemsize
        found.append(np.frombuffer(bytes(block.buf[:count]), one["dtype"]).reshape(one["shape"]))
        block.close()
    return found


def gone(message: Message) -> bool:
    for one in message["pictures"]:
        with contextlib.suppress(FileNotFoundError):
            SharedMemory(name=one["name"]).close()
            return False
    return True


def test_the_kept_probe_of_a_question_is_told(asking: Asking, sample_project: Path, tmp_path: Path,
                                              tiny_recipe: dict[str, Any]) -> None:
    project = Project.open(shutil.copytree(sample_project, tmp_path / "study"))
    asked = {"project": str(project.root), "recipe": tiny_recipe}
    assert asking.answer("kept_probe", **asked)["result"] == {}
    keep_probe(project, make_recipe(tiny_recipe), {"probes": [], "sentence": "No leak found."})
    kept = asking.answer("kept_probe", **asked)["result"]
    assert kept["sentence"] == "No leak found." and kept["outdated"] is False


def test_tuples_are_exactly_what_the_network_gets(asking: Asking, sample_project: Path,
                                                  tiny_recipe: dict[str, Any]) -> None:
    message = asking.answer("tuples", project=str(sample_project), recipe=tiny_recipe, count=3, seed=5, video_id=None)
    assert message["result"]["classes"] == 6
    recipe, footage = make_recipe(tiny_recipe), open_footage(Project.open(sample_project))
    dealt = deal(footage, recipe, count=3, seed=5)
    for number, picture_EFHW3 in enumerate(pictures_of(message)):
        one = some_of(dealt.tuples, slice(number, number + 1))
        fed_BECTHW = network_input(gather(footage, one, recipe.augmentation), one,
                                   recipe.augmentation, "cpu")
        np.testing.assert_array_equal(picture_EFHW3, displayable(fed_BECTHW, recipe.augmentation)[0].numpy())
        shown = message["result"]["tuples"][number]
        assert shown["frames"] == one.frames_BEF[0].tolist()
        assert shown["answer"] == recipe.make_task().label_text(shown["label"])
    result = message["result"]
    assert (result["asked_elements"], result["choices"], result["picks_element"]) == (3, [], False)
    assert result["chance"] == result["balanced_chance"] == pytest.approx(1 / 6)
    again = asking.answer("tuples", project=str(sample_project), recipe=tiny_recipe, count=3, seed=6, video_id=None)
    assert again["result"]["tuples"] != message["result"]["tuples"]


def test_one_video_can_be_asked_for_and_pictures_are_released(asking: Asking, sample_project: Path,
                                                              tiny_recipe: dict[str, Any]) -> None:
    video = open_footage(Project.open(sample_project)).videos[2]
    message = asking.answer("tuples", project=str(sample_project), recipe=tiny_recipe, count=2, seed=0,
                            video_id=video.id)
    assert {shown["video_id"] for shown in message["result"]["tuples"]} == {video.id}
    assert not gone(message)
    asking.send({"release": [one["name"] for one in message["pictures"]]})
    asking.answer("recipe", values=tiny_recipe)
    assert gone(message)


def test_what_nobody_released_is_gone_at_the_end(asking: Asking, sample_project: Path,
                                                 tiny_recipe: dict[str, Any]) -> None:
    message = asking.answer("tuples", project=str(sample_project), recipe=tiny_recipe, count=1, seed=0, video_id=None)
    asking.end()
    deadline = time.monotonic() + 5
    while not gone(message):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_refusals_are_sentences_and_the_worker_goes_on(asking: Asking, sample_project: Path,
                                                       tiny_recipe: dict[str, Any], tmp_path: Path) -> None:
    wrong = tiny_recipe | {"training": tiny_recipe["training"] | {"batch_size": 1}}
    refused = {
        "recipe": asking.answer("recipe", values=wrong)["error"],
        "project": asking.answer("map", project=str(tmp_path), run="latest")["error"],
        "run": asking.answer("map", project=str(sample_project), run="nothing")["error"],
        "method": asking.answer("dance")["error"],
        "parameter": asking.answer("tuples", project=str(sample_project))["error"]}
    assert refused["recipe"]["value"] == "training.batch_size"
    assert "no project" in refused["project"]["rule"]
    assert "no such run" in refused["run"]["rule"]
    assert "no such method" in refused["method"]["rule"]
    assert all(error["message"] and error["remedy"] for error in refused.values())
    assert asking.answer("recipe", values=tiny_recipe)["result"]["classes"] == 6


def test_a_video_that_is_too_short_is_told_by_name(asking: Asking, sample_project: Path,
                                                   tiny_recipe: dict[str, Any]) -> None:
    long = tiny_recipe | {"sampling": tiny_recipe["sampling"] | {"interval_frames": 200}}
    video = open_footage(Project.open(sample_project)).videos[0]
    error = asking.answer("tuples", project=str(sample_project), recipe=long, count=1, seed=0,
                          video_id=video.id)["error"]
    assert video.path in error["value"]
    assert str(video.frames) in error["rule"]


def test_activations_stand_beside_random_weights(asking: Asking, tiny_run: Path) -> None:
    project = tiny_run.parents[1]
    video = open_footage(Project.open(project)).videos[0]
    message = asking.answer("activations", project=str(project), run=tiny_run.name, video_id=video.id, at_seconds=1.0,
                            layer="", unit=None)
    clip, trained, random = pictures_of(message)
    assert clip.shape == (8, 56, 56, 3)
    assert trained.shape == random.shape == (8, 56, 56)
    assert (trained != random).any()
    assert message["result"]["layer"] == "conv4"
    assert len(message["result"]["frames"]) == len(message["result"]["times"]) == 8
    one = asking.answer("activations", project=str(project), run="latest", video_id=video.id, at_seconds=1.0,
                        layer="conv2", unit=3)
    assert one["result"]["layer"] == "conv2"
    wrong = asking.answer("activations", project=str(project), run="latest", video_id=video.id, at_seconds=1.0,
                          layer="conv9", unit=None)["error"]
    assert "conv9" in wrong["value"]


def test_neighbours_and_map_the_second_time_are_fast(asking: Asking, tiny_run: Path) -> None:
    project = tiny_run.parents[1]
    videos = open_footage(Project.open(project)).videos
    params = {"project": str(project), "run": tiny_run.name, "video_id": videos[0].id, "at_seconds": 1.0, "k": 4,
              "leave_out": "video"}
    first = asking.answer("neighbours", **params)["result"]
    assert first["query"]["video_id"] == videos[0].id
    assert len(first["neighbours"]) == len(first["random"]) == 4
    assert videos[0].id not in {entry["video_id"] for entry in first["neighbours"]}
    started = time.perf_counter()
    assert asking.answer("neighbours", **params)["result"] == first
    assert time.perf_counter() - started < 2.0
    drawn = asking.answer("map", project=str(project), run=tiny_run.name)
    trained, random = pictures_of(drawn)
    assert trained.shape == random.shape == (10 * len(videos), 2)
    assert drawn["result"]["video_ids"] == [video.id for video in videos]
    assert np.abs(trained).max() == pytest.approx(1)


def test_events_come_while_features_are_made_and_short_questions_need_not_wait(
        asking: Asking, tiny_run: Path, tmp_path: Path, tiny_recipe: dict[str, Any]) -> None:
    shutil.copytree(tiny_run.parents[2], tmp_path / "copy")
    project = tmp_path / "copy" / tiny_run.parents[1].name
    shutil.rmtree(project / "runs" / tiny_run.name / "features", ignore_errors=True)
    drawn = asking.ask("map", project=str(project), run="latest")
    quick = asking.ask("recipe", values=tiny_recipe)
    order, events = list[int](), list[Message]()
    while drawn not in order:
        message = asking.receive()
        if "event" in message:
            events.append(message["event"])
        else:
            order.append(message["id"])
    assert order == [quick, drawn]
    assert {event["phase"] for event in events if event["kind"] == "progress"} == {"features"}


def test_a_superseded_question_is_never_answered(asking: Asking, tiny_run: Path, tiny_recipe: dict[str, Any]) -> None:
    project = str(tiny_run.parents[1])
    asking.ask("map", project=project, run="latest")  # keeps the worker busy while the others arrive
    numbers = [asking.ask("tuples", supersedes=True, project=project, recipe=tiny_recipe, count=1, seed=seed,
                          video_id=None) for seed in range(30)]
    last = asking.ask("neighbours", project=project, run="nothing")
    answered = []
    while last not in answered:
        message = asking.receive()
        if "event" not in message:
            answered.append(message["id"])
    kept = [number for number in numbers if number in answered]
    assert numbers[-1] in kept
    assert len(kept) < len(numbers)


def test_a_changed_project_is_opened_anew(asking: Asking, sample_project: Path, tmp_path: Path,
                                          tiny_recipe: dict[str, Any]) -> None:
    shutil.copytree(sample_project, tmp_path / "project")
    project = Project.open(tmp_path / "project")
    params = {"project": str(project.root), "recipe": tiny_recipe, "count": 40, "seed": 0, "video_id": None}
    before = {shown["video_id"] for shown in asking.answer("tuples", **params)["result"]["tuples"]}
    with project.catalogue() as catalogue:
        catalogue.change([min(before)], excluded=True)
    after = {shown["video_id"] for shown in asking.answer("tuples", **params)["result"]["tuples"]}
    assert after == before - {min(before)}


def test_the_process_ends_with_its_input_and_leaves_no_memory(sample_project: Path,
                                                              tiny_recipe: dict[str, Any]) -> None:
    process = subprocess.Popen([sys.executable, "-m", "studio", "service"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stdin
    assert process.stdout
    with process.stdin, process.stdout:
        assert json.loads(process.stdout.readline()) == {"ready": True}
        question = {"id": 1, "method": "tuples", "params": {
            "project": str(sample_project), "recipe": tiny_recipe, "count": 2, "seed": 0, "video_id": None}}
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()
        message = json.loads(process.stdout.readline())
        assert len(pictures_of(message)) == 2
        process.stdin.write(json.dumps(question | {"method": "describe"}).encode() + b"\n")  # busy when the end comes
        process.stdin.close()
        assert process.wait(10) == 0
    assert gone(message)
