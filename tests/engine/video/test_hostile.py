"""Names, places and contents that nobody wishes for: the scan ends, names every file, and believes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from studio.engine.catalogue import Video, display_path
from studio.engine.errors import VideoError
from studio.engine.events import Finished, Warned
from studio.engine.project import Project
from studio.engine.video import make
from studio.engine.video.cache import CachedVideo, Form, cache_path
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from studio.engine.video.make import Order, make_cached
from studio.engine.video.opening import open_reader
from studio.engine.video.random_reader import RandomReader
from studio.engine.video.reader import VideoReader
from studio.engine.video.workers import Done, Workers
from tests.clips import write_clip

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX names, links and pipes")


def new_project(root: Path) -> Project:
    project = Project.create(root / "study")
    project.settings.short_side_pixels = 64
    project.save()
    return project


def scanned(project: Project, *folders: Path, workers: int = 1, stall_seconds: float = 20.0) -> list:
    events = list(scan(project, folders, workers=workers, with_motion=False, stall_seconds=stall_seconds))
    assert all(event.to_json() for event in events)
    return events


def rows(project: Project) -> list[Video]:
    with project.catalogue() as catalogue:
        return catalogue.videos()


# ---------------------------------------------------------------- names


_LETTERS = [" ", "  two", "'", '"', "`", "$HOME", "$(ls)", "%s", "%2F", "&", ";", "|", "<", ">", "*", "?", "[a]", "{b}",
            "~", "!", "#", "@", "^", "=", "+", ",", "\\", "\\n", "\n", "\t", "\r", "\x7f", "\x1b[31m", "-", "--help",
            "-rf", ":", "http:", "file:", "concat:", "pipe:1", "data:,", "%d", "%03d", "con", "nul", "aux.txt"]
_SCRIPTS = ["日本語", "한국어", "中文文件", "שלום", "مرحبا", "\u202eabc", "ไทย", "हिन्दी", "Ünïcödé", "u\u0308",
            "\u00fc", "🎬", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "🇨🇭", "\u200b", "\ufeff", "\u00a0", "\ufb00",
            "İ", "ß", "Σς", "\U0001f600" * 20, "x" * 250, "é" * 120]
_BYTES = [b"bad\xff", b"\xfe\xff", b"caf\xe9", b"\x80", b"a\xed\xa0\x80b", b"\xc3("]
PLACES = ["inner/{}", "a b/c'd/{}", "日本/🎬/{}"]


def hostile_names() -> list[str]:
    """Eighty names, from letters that shells and programs trip over to bytes that are no text."""
    plain = [*(f"{one}.mp4" for one in (*_LETTERS, *_SCRIPTS)), *(os.fsdecode(one + b".mp4") for one in _BYTES)]
    deep = [place.format("clip.mp4") for place in PLACES] + ["d" * 150 + "/" + "e" * 150 + ".mp4"]
    return plain + deep


@POSIX
def test_eighty_hostile_names_give_what_the_plain_name_gives(tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain" / "clip.mp4", frames=6)
    names = hostile_names()
    assert len(set(names)) >= 80
    for name in names:
        (tmp_path / "odd" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(plain, tmp_path / "odd" / name)
    project = new_project(tmp_path)
    reference = scanned(project, plain.parent)[-1].result
    result = scanned(project, tmp_path / "odd")[-1].result
    assert (result["videos"], result["good"], result["problems"]) == (len(names), len(names), [])
    assert (reference["frames"], result["frames"]) == (6, 6 * len(names))
    found = {row.path: row for row in rows(project) if row.source == "odd"}
    assert set(found) == set(names)
    with project.catalogue(read_only=True) as catalogue:
        for name, row in found.items():
            assert catalogue.find(name).id == row.id, ascii(name)
            assert catalogue.find(f"odd/{name}").id == row.id
            assert catalogue.find(str(tmp_path / "odd" / name)).id == row.id
            assert display_path(name).encode() and (display_path(name) == name or "\ufffd" in display_path(name))
            assert project.video_file(source=row.source, path=name).is_file()
        assert catalogue.find(display_path(names[-8])).path == names[-8]
    assert len(open_footage(project).videos) == len(names) + 1
    assert scanned(project)[-1].result["new"] == 0


# ---------------------------------------------------------------- places


@POSIX
def test_loops_links_pipes_and_sockets_end_and_cost_nobody_else(tmp_path: Path) -> None:
    root = tmp_path / "videos"
    plain = write_clip(root / "a" / "clip.mp4", frames=6)
    (root / "a" / "up").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    (root / "self.mp4").symlink_to(root / "self.mp4")
    (root / "one.mp4").symlink_to(plain)
    os.link(plain, root / "hard.mp4")
    os.mkfifo(root / "pipe.mp4")
    gone = tmp_path / "gone.mp4"
    (root / "broken.mp4").symlink_to(gone)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "s.mp4"))
        project = new_project(tmp_path)
        result = scanned(project, root)[-1].result
    assert {one["path"]: one["reason"] for one in result["problems"]} == {
        "pipe.mp4": "it is a pipe or a device, not a file", "s.mp4": "it is a pipe or a device, not a file",
        "broken.mp4": "it is a link to a file that is gone", "self.mp4": "it is a link to a file that is gone"}
    assert (result["good"], result["groups"] >= 1) == (3, True)
    assert len({row.identity for row in rows(project) if row.readable}) == 1, "one content, read once"


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    root = tmp_path / "videos"
    write_clip(root / "a.mp4", frames=6)
    secret = write_clip(root / "secret" / "b.mp4", frames=6)
    closed = write_clip(root / "c.mp4", frames=6)
    closed.chmod(0)
    secret.parent.chmod(0)
    try:
        events = scanned(new_project(tmp_path), root)
    finally:
        secret.parent.chmod(0o700)
    assert "folder-unreadable" in [event.code for event in events if isinstance(event, Warned)]
    assert [one["path"] for one in events[-1].result["problems"]] == ["c.mp4"]


def test_a_file_that_grows_while_it_is_read_is_not_believed(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=20)

    def grow(frames: int) -> None:
        if frames == 5:
            with path.open("ab") as stream:
                stream.write(b"more")

    order = Order(path=path, cache_folder=tmp_path / "cache", form=Form(64))
    facts = make_cached(order, grow)
    assert (facts.verdict, facts.frames) == ("unreadable", 0)
    assert "changed or went away" in facts.reason
    assert not list((tmp_path / "cache").rglob("*.*"))
    assert make_cached(order).verdict == "good"


# ---------------------------------------------------------------- damaged contents


def tiny_clips(folder: Path) -> list[Path]:
    """Small clips of several containers and codecs, a few kilobytes each."""
    made = [("a.mp4", "libx264"), ("b.avi", "mpeg4"), ("c.mkv", "libx264"), ("d.mov", "mjpeg"),
            ("e.webm", "libvpx-vp9"), ("f.ts", "mpeg2video"), ("g.flv", "flv"), ("h.mpg", "mpeg1video")]
    for name, codec in made:
        if codec == "mjpeg":
            _write_mjpeg(folder / name)
        else:
            write_clip(folder / name, frames=8, width=64, height=48, codec=codec)
    return [folder / name for name, _ in made]


def _write_mjpeg(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for number in range(8):
            picture = np.full((48, 64, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with some flipped, a part cut out, doubled, zeroed or moved, or the end gone."""
    changed, ways = bytearray(content), int(rng.integers(1, 4))
    for _ in range(ways):
        one, other = sorted(rng.integers(0, len(changed) + 1, 2).tolist())
        other = min(other, one + int(rng.integers(1, 1 + max(1, len(changed) // 4))))
        match int(rng.integers(6)):
            case 0:
                for place in rng.integers(0, len(changed), int(rng.integers(1, 40))):
                    changed[place] = int(rng.integers(256))
            case 1:
                del changed[one:other]
            case 2:
                changed[one:one] = changed[one:other]
            case 3:
                changed[one:other] = bytes(other - one)
            case 4:
                part, changed[one:other] = changed[one:other], b""
                place = int(rng.integers(0, len(changed) + 1))
                changed[place:place] = part
            case 5:
                del changed[max(1, one):]
        if not changed:
            changed = bytearray(b"\0")
    return bytes(changed)


def mutations(folder: Path, originals: Sequence[Path], count: int, *, seed: int) -> list[Path]:
    rng = np.random.default_rng(seed)
    contents = [path.read_bytes() for path in originals]
    paths = []
    for number in range(count):
        original = originals[number % len(originals)]
        path = folder / f"m{number:04d}{original.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutated(contents[number % len(originals)], rng))
        paths.append(path)
    return paths


def honest(project: Project, paths: Sequence[Path]) -> list[str]:
    """What is wrong with a scan's word on these files; empty when every word holds."""
    wrong, found = [], {row.path: row for row in rows(project)}
    for path in paths:
        row = found.get(path.name)
        if row is None:
            wrong.append(f"{path.name} has no row")
            continue
        if row.verdict != "good" and not row.reason:
            wrong.append(f"{path.name} is {row.verdict} without a reason")
        decoded, fault = _decoded(path)
        if row.frames != decoded:
            wrong.append(f"{path.name}: {row.frames} frames in its row, {decoded} decoded")
        if row.verdict == "good" and fault:
            wrong.append(f"{path.name} is called good, but: {fault}")
        if row.verdict == "good" and row.frames < (row.declared_frames or 0) and not _header_is_wrong(path, row.frames):
            wrong.append(f"{path.name} is called good with {row.frames} of {row.declared_frames} frames")
        if row.frames:
            cached = CachedVideo(cache_path(project.cache_folder, identity=row.identity, form=Form(64)))
            if cached.frames != row.frames:
                wrong.append(f"{path.name}: {cached.frames} cached of {row.frames}")
    return wrong


def _header_is_wrong(path: Path, frames: int) -> bool:
    """Whether an AVI is as long as it says, with just these frames in index and packets; told without the reader.

    A changed byte may hit the number of frames in the header, and nothing else.
    """
    content = path.read_bytes()
    if content[:4] != b"RIFF" or int.from_bytes(content[4:8], "little") + 8 != len(content):
        return False
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return len(stream.index_entries) == sum(packet.size > 0 for packet in container.demux(stream)) == frames


def _decoded(path: Path) -> tuple[int, str]:
    """Frames that a plain decode gives, told apart from the reader: how many, and what stopped it."""
    try:
        reader = open_reader(path)
    except VideoError as error:
        return 0, error.rule
    assert isinstance(reader, VideoReader)
    index, frames = reader.stream.index, 0
    reader.close()
    with av.open(str(path)) as container:
        stream = container.streams[index]
        stream.codec_context.thread_count = 1
        try:
            for packet in container.demux(stream):
                frames += len(packet.decode())
        except av.FFmpegError as error:
            return frames, str(error)
    return frames, ""


def _mutated_scan(tmp_path: Path, count: int, *, seed: int) -> tuple[Project, list[Path]]:
    paths = mutations(tmp_path / "m", tiny_clips(tmp_path / "whole"), count, seed=seed)
    project = new_project(tmp_path)
    events = scanned(project, tmp_path / "m", workers=2, stall_seconds=10)
    assert isinstance(events[-1], Finished)
    assert events[-1].result["videos"] == count
    return project, paths


def test_two_hundred_mutated_files_are_all_named_with_their_verdict(tmp_path: Path) -> None:
    seed = int(np.random.default_rng().integers(1 << 30))  # 239388311 has an AVI with a wrong number in its header
    project, paths = _mutated_scan(tmp_path, 200, seed=seed)
    assert honest(project, paths) == [], f"seed {seed}"
    verdicts = [row.verdict for row in rows(project)]
    assert {"good", "partial", "unreadable"} == set(verdicts)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_thousand_mutated_files_and_random_access_to_them(tmp_path: Path) -> None:
    project, paths = _mutated_scan(tmp_path, 1000, seed=11)
    assert honest(project, paths) == []
    readable = {row.path: row for row in rows(project) if row.readable}
    for path in paths:
        if path.name in readable:
            frames = readable[path.name].frames
            with RandomReader(path, frames=frames) as reader:
                assert len(reader.frames_at(list(range(frames))[::-1])) == frames


def test_a_reader_that_swallows_errors_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: it calls every end of a file a good end, and skips what cannot be decoded."""
    class Swallowing(VideoReader):
        def pictures(self) -> Iterator:
            yield from super().pictures()
            self.fault = ""

    monkeypatch.setattr(make, "open_reader", lambda path, **_options: Swallowing(path))
    monkeypatch.setattr(make, "verdict_of", lambda **_: ("good", ""))
    paths = mutations(tmp_path / "m", tiny_clips(tmp_path / "whole"), 60, seed=4)
    project = new_project(tmp_path)
    folder = project.cache_folder
    with project.catalogue() as catalogue:
        for path in paths:
            facts = make_cached(Order(path=path, cache_folder=folder, form=Form(64), with_motion=False))
            catalogue.put(Video(source="m", path=path.name, verdict=facts.verdict, reason=facts.reason,
                                identity=facts.identity, frames=facts.frames, declared_frames=facts.declared_frames))
    assert any("called good" in one for one in honest(project, paths))


# ---------------------------------------------------------------- the network


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes]]]:
    """A listening socket on this machine, and what anybody said to it."""
    heard: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            try:
                one, _ = listening.accept()
            except TimeoutError:
                continue
            with one:
                heard.append(one.recv(1000))

    thread = threading.Thread(target=listen)
    thread.start()
    yield listening.getsockname()[1], heard
    over.set()
    thread.join()
    listening.close()


def playlists(port: int) -> dict[str, bytes]:
    """Files that point somewhere else, as text, behind bytes that are no text, and under names of videos."""
    there = f"http://127.0.0.1:{port}/a.ts"
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{there}\n#EXT-X-ENDLIST\n".encode()
    dash = b"<?xml version='1.0'?><MPD><Period><BaseURL>" + there.encode() + b"</BaseURL></Period></MPD>"
    session = ("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\n"
               f"m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n")
    return {
        "a.mp4": hls, "b.ts": hls, "c.mkv": b"ffconcat version 1.0\nfile '" + there.encode() + b"'\n",
        "d.mov": session.encode(), "e.mp4": f"rtsptext\nrtsp://127.0.0.1:{port}/x\n".encode(), "f.webm": dash,
        "g.ts": hls + b"\0" * 64, "h.mp4": b"\xff\xfe" + hls, "i.mov": _reference_movie(there),
        "j.asf": f"[Reference]\nRef1={there}\n".encode() + b"\xff", "k.avi": hls + b"\xff"}


def _reference_movie(url: str) -> bytes:
    """A QuickTime file that is nothing but a pointer to another."""
    def box(kind: bytes, content: bytes) -> bytes:
        return (8 + len(content)).to_bytes(4, "big") + kind + content

    address = url.encode() + b"\0"
    reference = box(b"rdrf", bytes(4) + b"url " + len(address).to_bytes(4, "big") + address)
    return box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"rmra", box(b"rmda", reference)))


def test_a_file_that_points_elsewhere_fetches_nothing(tmp_path: Path, server: tuple[int, list[bytes]]) -> None:
    port, heard = server
    for name, content in playlists(port).items():
        (tmp_path / "lists" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "lists" / name).write_bytes(content)
    result = scanned(new_project(tmp_path), tmp_path / "lists")[-1].result
    assert result["unreadable"] == len(playlists(port))
    assert heard == []


def test_the_listening_socket_hears_who_does_fetch(tmp_path: Path, server: tuple[int, list[bytes]]) -> None:
    """The broken twin: a reader that follows what a file says."""
    port, heard = server
    path = tmp_path / "a.m3u8"
    path.write_bytes(playlists(port)["a.mp4"])
    with pytest.raises((av.FFmpegError, OSError)):
        av.open(str(path), options={"protocol_whitelist": "file,http,tcp", "rw_timeout": "2000000"}).close()
    assert any(b"/a.ts" in one for one in heard)


def test_every_order_of_a_pool_is_answered_whatever_the_file(tmp_path: Path) -> None:
    paths = mutations(tmp_path / "m", tiny_clips(tmp_path / "whole"), 24, seed=9)
    orders = [Order(path=path, cache_folder=tmp_path / "cache", form=Form(64), with_motion=False) for path in paths]
    with Workers(orders, workers=2, stall_seconds=10) as pool:
        answered = [message.number for message in pool.results() if isinstance(message, Done)]
    assert sorted(answered) == list(range(24))


# ---------------------------------------------------------------- memory


def _huge(path: Path) -> Path:
    """A small file whose frames are large: 12 000 x 12 000."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width = stream.height = 12000
        stream.pix_fmt = "yuvj420p"
        grey = av.VideoFrame.from_ndarray(np.full((18000, 12000), 99, np.uint8), "yuv420p").reformat(format="yuvj420p")
        container.mux(stream.encode(grey))
        container.mux(stream.encode(None))
    return path


_HELD = """
import studio.engine.video.workers
lines = open("/proc/self/status").read().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmData")))
"""


def _held_bytes() -> int:
    """What a child holds before its first order: it depends on the threads that its libraries start."""
    child = subprocess.run([sys.executable, "-c", _HELD], capture_output=True, text=True, check=True, timeout=60,
                           cwd=Path(__file__).parents[3])
    return int(child.stdout) << 10


@pytest.mark.parametrize(("more_bytes", "verdict"), [(100 << 20, "unreadable"), (2 << 30, "good")])
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the parent looks, and may come too late for one frame")
def test_a_decoder_that_explodes_is_the_verdict_of_its_file(tmp_path: Path, more_bytes: int, verdict: str) -> None:
    """One frame of it takes 216 MB; a small video takes less than 20."""
    files = [_huge(tmp_path / "huge.mkv"), write_clip(tmp_path / "small.mp4")]
    orders = [Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)) for path in files]
    with Workers(orders, workers=1, most_bytes=_held_bytes() + more_bytes) as pool:
        done = {message.number: message for message in pool.results() if isinstance(message, Done)}
    told = [(one.facts.verdict, one.facts.reason) if one.facts else ("unreadable", one.reason)
            for one in (done[0], done[1])]
    assert [what for what, _why in told] == [verdict, "good"]
    assert ("memory" in told[0][1]) == (verdict == "unreadable")
