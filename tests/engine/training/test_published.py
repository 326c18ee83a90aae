"""Published weights: PyTorch's own files are read to the last bit, and nothing that a file contains is ever run."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models import alexnet
from torchvision.models.video import mc3_18, r2plus1d_18, r3d_18

from studio.engine import files
from studio.engine.backbones import BACKBONES
from studio.engine.errors import CheckpointError
from studio.engine.project import Project
from studio.engine.training import published
from studio.engine.training.checkpoint import load_into, random_network, start_from
from studio.engine.training.loop import train
from studio.engine.training.network import TupleNetwork, build_network
from studio.engine.training.published import fitted, read_published, state_dict_of
from tests.engine.training import hostile
from tests.engine.training.footage import make_project, tiny_recipe
from tests.engine.training.hostile import GOOD, LEGACY, TABLES, ZIPS, legacy_of, name, table, text, zip_of

LAYOUTS = {"today": True, "legacy": False}
THEIRS = {"r3d_18": r3d_18, "mc3_18": mc3_18, "r2plus1d_18": r2plus1d_18}


def _saved(state: dict[str, Tensor], *, layout: str = "today") -> bytes:
    stream = io.BytesIO()
    torch.save(state, stream, _use_new_zipfile_serialization=LAYOUTS[layout])
    return stream.getvalue()


def _same(found: dict[str, Tensor], state: dict[str, Tensor]) -> bool:
    return list(found) == list(state) and all(
        found[key].dtype == state[key].dtype and torch.equal(found[key], state[key]) for key in state)


def _random(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Other numbers everywhere: the first values of a network are often 0 or 1."""
    rng = torch.Generator().manual_seed(4)
    for tensor_ in state.values():
        if tensor_.is_floating_point():
            tensor_.uniform_(0.1, 1, generator=rng)
        else:
            tensor_.fill_(7)
    return state


def _small() -> dict[str, Tensor]:
    return {"weight": torch.arange(12.0).reshape(3, 4), "bias": torch.tensor([1.0, -2.0, 3.0]),
            "batches": torch.tensor(5)}


# ---------------------------------------------------------------- honest files


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("network", list(THEIRS))
def test_torchvisions_state_dicts_are_read_as_torch_reads_them(network: str, layout: str) -> None:
    state = _random(THEIRS[network](weights=None).state_dict())
    content = _saved(state, layout=layout)
    own = torch.load(io.BytesIO(content), weights_only=True)
    found = state_dict_of(content, source="x")
    assert _same(found, own) and _same(found, state)
    backbone = BACKBONES[network](input_pixels=32, clip_frames=4)
    taken = fitted(backbone, found)
    load_into(backbone, taken.tensors, source="x")
    assert taken.left_out == ["fc.weight", "fc.bias"] and not taken.as_before
    assert all(torch.equal(tensor_, state[key]) for key, tensor_ in backbone.state_dict().items())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64,
                                   torch.int32, torch.int16, torch.int8, torch.uint8])
def test_every_kind_of_number(dtype: torch.dtype, layout: str) -> None:
    state = {"a": torch.arange(6).reshape(2, 3).to(dtype), "b": torch.tensor(3).to(dtype)}
    assert _same(state_dict_of(_saved(state, layout=layout), source="x"), state)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_views_parameters_and_turned_tensors(layout: str) -> None:
    whole = torch.arange(24.0)
    state = {"first": whole[:6].reshape(2, 3), "second": whole[10:22].reshape(3, 4).t(),
             "turned": torch.arange(16.0).reshape(1, 2, 2, 4).permute(0, 3, 1, 2),
             "parameter": torch.nn.Parameter(torch.ones(3), requires_grad=False)}
    found = state_dict_of(_saved(state, layout=layout), source="x")
    assert _same(found, {key: tensor_.detach() for key, tensor_ in state.items()})
    assert all(tensor_.is_contiguous() for tensor_ in found.values())


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_of_pickles(protocol: int) -> None:
    stream = io.BytesIO()
    torch.save(torch.nn.Linear(3, 2).state_dict(), stream, pickle_protocol=protocol)
    assert list(state_dict_of(stream.getvalue(), source="x")) == ["weight", "bias"]


def test_the_files_made_by_hand_are_whole_before_they_are_spoilt() -> None:
    expected = {"weight": torch.arange(12.0).reshape(3, 4)}
    assert _same(state_dict_of(zip_of(GOOD), source="x"), expected)
    assert _same(state_dict_of(legacy_of(GOOD), source="x"), expected)


# ---------------------------------------------------------------- files that would run something


_UNPICKLE = """
import io, pathlib, pickle, sys
class Plain(pickle.Unpickler):
    def persistent_load(self, described):
        return None
    def find_class(self, module, name):
        return (lambda *_: None) if module.startswith("torch") else super().find_class(module, name)
for path in pathlib.Path(sys.argv[1]).glob("*.pkl"):
    try:
        Plain(io.BytesIO(path.read_bytes())).load()
    except BaseException:
        pass
"""
"""What a naive reader does: it unpickles."""


def test_a_hundred_armed_files_run_nothing_and_a_naive_reader_runs_each(tmp_path: Path) -> None:
    files_of = {title: (pickled, canary) for title, pickled, canary in hostile.armed(tmp_path)}
    assert len(files_of) == 100
    for title, (pickled, canary) in files_of.items():
        for content in (zip_of(pickled), legacy_of(pickled), legacy_of(GOOD, head=pickled),
                        legacy_of(GOOD, keys=pickled)):
            with pytest.raises(CheckpointError) as caught:
                state_dict_of(content, source=f"{title}.pth")
            assert "nothing of it was run" in str(caught.value) and "\n" not in str(caught.value)
        assert not canary.exists()
    folder = tmp_path / "pickles"
    folder.mkdir()
    for title, (pickled, _) in files_of.items():
        (folder / f"{title}.pkl").write_bytes(pickled)
    assert not any(canary.exists() for _, canary in files_of.values())
    subprocess.run([sys.executable, "-c", _UNPICKLE, str(folder)], check=True, capture_output=True, timeout=60)
    asleep = [title for title, (_, canary) in files_of.items() if not canary.exists()]
    assert not asleep  # every one of them is dangerous in other hands


def test_the_name_of_what_would_have_been_run_is_said() -> None:
    call = name("os", "system") + b"(" + text("true") + b"tR"
    with pytest.raises(CheckpointError, match=r"evil.pth: it names os.system, which weights do not need; nothing"):
        state_dict_of(zip_of(table(text("weight"), call)), source="evil.pth")


# ---------------------------------------------------------------- files that lie


def _refused(content: bytes) -> str:
    with pytest.raises(CheckpointError) as caught:
        state_dict_of(content, source="bad.pth")
    words = str(caught.value)
    assert words.isprintable() and words.startswith("bad.pth: ") and len(words) < 300
    return words


@pytest.mark.parametrize("title", list(TABLES))
def test_tables_that_lie_are_refused_in_one_sentence(title: str) -> None:
    _refused(zip_of(TABLES[title]))
    _refused(legacy_of(TABLES[title]))


@pytest.mark.parametrize("title", list(ZIPS))
def test_zips_that_lie_are_refused_in_one_sentence(title: str) -> None:
    _refused(ZIPS[title]())


@pytest.mark.parametrize("title", list(LEGACY))
def test_old_files_that_lie_are_refused_in_one_sentence(title: str) -> None:
    _refused(LEGACY[title]())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_cut_anywhere_is_refused(layout: str) -> None:
    content = _saved(_small(), layout=layout)
    for length in range(0, len(content), 3):
        _refused(content[:length])


def test_a_flipped_byte_of_a_zip_is_noticed_or_changes_nothing() -> None:
    content, state, noticed = _saved(_small()), _small(), 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x41
        try:
            assert _same(state_dict_of(bytes(damaged), source="x"), state), place
        except CheckpointError:
            noticed += 1
    assert noticed > 800  # the rest are times, padding and the like


def test_a_flipped_byte_of_an_old_table_is_noticed_or_gives_tensors() -> None:
    content = _saved(_small(), layout="legacy")
    for place in range(len(content)):
        for flip in (0x01, 0x41, 0xff):
            damaged = bytearray(content)
            damaged[place] ^= flip
            try:
                found = state_dict_of(bytes(damaged), source="x")
            except CheckpointError:
                continue
            assert sum(tensor_.numel() for tensor_ in found.values()) <= 16


# ---------------------------------------------------------------- from a file to a network


def _network(backbone: str, *, pixels: int = 64, frames: int = 8) -> TupleNetwork:
    return TupleNetwork(BACKBONES[backbone](input_pixels=pixels, clip_frames=frames), torch.nn.Identity())


def test_alexnet_of_imagenet_gives_its_convolutions_and_leaves_the_rest(tmp_path: Path) -> None:
    state = _random({key: tensor_ for key, tensor_ in alexnet(weights=None, num_classes=2).state_dict().items()
                     if not key.startswith("classifier.1")})
    (tmp_path / "alexnet.pth").write_bytes(_saved(state))
    network = _network("alexnet_vcop")
    start = start_from(network, str(tmp_path / "alexnet.pth"), Project.create(tmp_path / "P"))
    assert torch.equal(network.backbone.conv3[0].weight, state["features.6.weight"])
    assert torch.equal(network.backbone.conv5[0].bias, state["features.10.bias"])
    assert network.backbone.conv3[1].weight.eq(1).all()
    assert (start.kind, start.tensors) == ("a PyTorch file", 10)
    assert start.left_out == [f"classifier.{place}.{kind}" for place in (4, 6) for kind in ("weight", "bias")]
    assert len(start.as_before) == 25 and all(".1." in key for key in start.as_before)


def test_old_files_without_counters_are_taken() -> None:
    backbone = BACKBONES["r3d_small"](input_pixels=32, clip_frames=8)
    state = {key: tensor_ for key, tensor_ in backbone.state_dict().items() if "num_batches" not in key}
    found = fitted(backbone, state)
    load_into(backbone, found.tensors, source="x")
    assert len(found.as_before) == 5


@pytest.mark.parametrize("backbone", list(BACKBONES))
def test_weights_of_another_network_are_refused_in_one_sentence(backbone: str, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "P")
    other = "r3d_small" if backbone != "r3d_small" else "alexnet_vcop"
    vgg = {"features.0.weight": torch.ones(64, 3, 3, 3), "features.0.bias": torch.ones(64),
           "features.3.weight": torch.ones(128, 64, 3, 3), "features.3.bias": torch.ones(128)}
    with torch.device("meta"):
        network = _network(backbone)
    for number, state in enumerate((_network(other).backbone.state_dict(), vgg)):
        path = tmp_path / f"other-{number}.pth"
        path.write_bytes(_saved(state))
        with pytest.raises(CheckpointError, match=rf"{path.name}: these weights are of another network: .*(missing|"
                                                  r"unknown|needed) and \d+ more. Choose weights"):
            start_from(network, str(path), project)


def test_a_published_name_must_have_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = _saved(_small())
    path = tmp_path / "r3d_18-b3b3357e.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="SHA-256 is not the one in its name.*another name"):
        read_published(path)
    sha256 = hashlib.sha256(content).hexdigest()
    honest = path.rename(tmp_path / f"small-{sha256[:8]}.pth")
    monkeypatch.setitem(published.KNOWN, honest.name, "small weights")
    tensors, found = read_published(honest)
    assert found == sha256 and _same(tensors, _small())


def test_files_that_cannot_be_weights_are_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.pth"
    path.write_bytes(_saved(_small()))
    monkeypatch.setattr(published, "_MOST_BYTES", 100)
    with pytest.raises(CheckpointError, match="more than any weights"):
        read_published(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_published(tmp_path / "missing.pth")


def test_a_run_says_where_its_weights_came_from_and_its_random_twin_stays_random(tmp_path: Path) -> None:
    project = make_project(tmp_path / "P")
    backbone = BACKBONES["r3d_small"](input_pixels=32, clip_frames=8)
    state = _random(backbone.state_dict()) | {"fc.weight": torch.ones(2, 2)}
    path = tmp_path / "Jane Doe.pth"
    path.write_bytes(_saved(state))
    recipe = tiny_recipe(max_steps=1).model_copy(update={"starts_from": str(path), "backbone": "r3d_small"})
    assert recipe.backbone == "r3d_small"
    list(train(project, recipe, name="given"))
    folder = project.run_folders()[0]
    record = files.read_json(folder / "environment.json")
    assert record["started_from"] == {
        "kind": "a PyTorch file", "sha256": files.sha256_of_file(path), "tensors": len(state) - 1,
        "left_out": ["fc.weight"], "as_before": []}
    assert "Jane" not in (folder / "environment.json").read_text(encoding="utf-8")
    longer = recipe.model_copy(update={"training": recipe.training.model_copy(update={"max_steps": 2})})
    path.unlink()  # a run that goes on does not need it
    list(train(project, longer, resume=folder))
    assert files.read_json(folder / "environment.json")["started_from"] == record["started_from"]
    random, twin = random_network(recipe), build_network(recipe.model_copy(update={"starts_from": ""}))
    assert _same(dict(random.state_dict()), dict(twin.state_dict()))
    assert not torch.equal(random.backbone.state_dict()["conv1.0.weight"], state["conv1.0.weight"])
