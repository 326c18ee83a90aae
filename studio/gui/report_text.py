"""What "copy report" copies: enough for whoever helps, and no name of a video, a patient, a folder or a run.

Pure functions of texts. Nothing is trusted to be free of names: of free text only plain small words stay, of a trace
only places in programs, of events only numbers and the studio's own words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from studio.engine.events import Event, Failed, Finished, Metric, Progress, Saved, Warned

LEFT_OUT = "[…]"
_QUOTED = re.compile(r"(['\"`\u201c\u00ab\u2018])[^\n]*?['\"`\u201d\u00bb\u2019]")
_BRACKETS = re.compile(r"\((?:(\w+(?:Error|Exception|Warning))\b)?[^()\n]*\)")
_FRAME = re.compile(r'\s*File "(.+?)", line (\d+), in (\w+|<\w+>)')
_RAISED = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Warning))\b")
_PLAIN = re.compile(r"[a-z]+(?:-[a-z]+)*|\d{1,6}|[–—·%=+×]")
_TOKEN = re.compile(r"[^\W_]+")
_OWN = re.compile(r"(?:^|[/\\])((?:studio|tests)[/\\][\w/\\]+\.py)$")
_CAPITALS = frozenset({
    "A", "I", "The", "This", "That", "It", "Its", "There", "No", "Nothing", "Something", "Somebody", "Try", "Run",
    "Install", "Choose", "Make", "Free", "Check", "Attach", "Scan", "Open", "Close", "Give", "Name", "Use", "Mend",
    "Wait", "Stop", "Go", "Set", "Leave", "Training", "Scanning", "Your", "Python", "CUDA", "GPU", "CPU", "NVIDIA",
    "CSV", "DICOM", "ONNX", "PNG", "TOML", "JSON", "SQLite", "PyTorch", "Qt", "Windows", "Linux", "GB", "MB", "RAM",
    "Unshuffle", "Studio"})
_SHORTEST_NAME = 2
_ENDING = re.compile(r"\.(mp4|avi|mov|mkv|webm|mpe?g|m4v|wmv|ogv|dcm|gif|tiff?|png|jpe?g|csv|toml|npy)")
"""Endings of files, which are known from the names but are none."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What went wrong, in the words that the person sees."""

    message: str
    remedy: str = ""
    details: str = ""


def report_text(happened: Happened, *, machine: Mapping[str, str], events: Iterable[Event] = (),
                names: Collection[str] = (), with_names: bool = False) -> str:
    """Write a report. `machine` is versions and device, `names` every name and path that must not be in it.

    `with_names` leaves all texts as they are: the person chose so.
    """
    known = frozenset() if with_names else tokens(names)
    told = [_told(event, with_names=with_names) for event in events]
    about = [f"{name}: {value if with_names else machine_fact(value, known)}" for name, value in machine.items()]
    if with_names:
        parts = [happened.message, happened.remedy, happened.details]
    else:
        parts = [shareable(_without_value(happened.message), known), shareable(happened.remedy, known),
                 trace_places(happened.details)]
    head = "" if with_names else "Names and paths are left out of this report.\n"
    sections = [head + "\n".join(filter(None, parts[:2])), "\n".join(about),
                "Last events:\n" + "\n".join(told) if told else "", parts[2]]
    return "\n\n".join(filter(None, sections)) + "\n"


def tokens(names: Iterable[str]) -> frozenset[str]:
    """The words that names and paths are made of, in small letters."""
    return frozenset(word for name in names for word in _TOKEN.findall(name.casefold())
                     if len(word) >= _SHORTEST_NAME and not word.isdigit())


def shareable(text: str, known: Collection[str] = ()) -> str:
    """Leave out of a text whatever may be a name: quotations, brackets, paths, unusual words, and `known` words."""
    text = _QUOTED.sub(LEFT_OUT, text)
    text = _BRACKETS.sub(lambda found: f"({found.group(1)})" if found.group(1) else f"({LEFT_OUT})", text)
    written: list[str] = []
    for word in text.split():
        kept = word if _may_stay(word, known) else LEFT_OUT
        if not (kept == LEFT_OUT and written[-1:] == [LEFT_OUT]):
            written.append(kept)
    return " ".join(written)


def trace_places(details: str) -> str:
    """Reduce a trace or the end of a log to the places in programs and the kinds of errors that it names."""
    kept, left_out = list[str](), 0
    for line in details.splitlines():
        if found := _FRAME.match(line):
            own = _OWN.search(found.group(1))
            kept.append(f"  {own.group(1).replace(chr(92), '/') if own else 'a library'}:{found.group(2)} "
                        f"in {found.group(3) if own else '…'}")
        elif line[:1].strip() and (raised := _RAISED.match(line)):
            kept.append(raised.group(1).rpartition(".")[2])
        elif line.strip() and not line.startswith(("Traceback", "    ")):
            left_out += 1
    return "\n".join([*kept, *([f"({left_out} lines left out)"] if left_out else [])])


def machine_fact(value: str, known: Collection[str]) -> str:
    """Leave known names out of a version or a device's name; both are full of unusual words."""
    return " ".join(LEFT_OUT if set(_TOKEN.findall(word.casefold())) & set(known) else word for word in value.split())


def _without_value(message: str) -> str:
    """Take the value off `value: rule`: it is what was given or met, so a name as often as not."""
    value, colon, rule = message.partition(": ")
    return f"{LEFT_OUT}: {rule}" if colon and "(" not in value else message


def _may_stay(word: str, known: Collection[str]) -> bool:
    bare = word.strip(".,;:!?()…")
    if _ENDING.fullmatch(word.lstrip("(").rstrip(".,;:!?()…").casefold()):
        return True
    if not bare or LEFT_OUT in word:
        return set(word) <= set(LEFT_OUT + "().,;:")
    if any(part in known for part in _TOKEN.findall(bare.casefold())):
        return False
    return bool(_PLAIN.fullmatch(bare)) or bare in _CAPITALS or bool(_RAISED.fullmatch(bare))


def _told(event: Event, *, with_names: bool) -> str:
    """One line of an event: numbers and the studio's own codes."""
    if with_names:
        return event.to_json()
    if isinstance(event, Progress):
        return f"  progress: {shareable(event.phase)} {event.done} of {event.total} {shareable(event.unit)}".rstrip()
    if isinstance(event, Metric):
        return f"  {event.split} step {event.step} of {event.total_steps}"
    if isinstance(event, Warned):
        return f"  warned: {shareable(event.code)}"
    if isinstance(event, Saved):
        return f"  saved: {shareable(event.what)}"
    if isinstance(event, Failed):
        return f"  failed with exit code {event.exit_code}"
    if isinstance(event, Finished):
        return f"  finished: {shareable(event.operation)}{', stopped' if event.stopped else ''}"
    return f"  preview at step {event.step}"
