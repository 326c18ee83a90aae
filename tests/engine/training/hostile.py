"""PyTorch files that no honest program writes, made byte by byte: what a pickle can do, and what a zip can claim."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

RAW = np.arange(12, dtype="<f4").tobytes()
"""The numbers of the one storage that the small tables below describe."""
MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
PROTOCOL, SYSTEM = b"\x80\x02M\xe9\x03.", b"\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."


def text(value: str) -> bytes:
    """A string."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    """A whole number of any size."""
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def numbers(values: tuple[int, ...]) -> bytes:
    """A tuple of whole numbers."""
    return b"(" + b"".join(map(number, values)) + b"t"


def name(module: str, function: str) -> bytes:
    """The name of a class or function."""
    return f"c{module}\n{function}\n".encode()


def storage(*, kind: str = "FloatStorage", key: str = "0", count: int = 12, module: str = "torch",
            word: str = "storage") -> bytes:
    """A storage that lies outside the pickle."""
    return b"(" + text(word) + name(module, kind) + text(key) + text("cpu") + number(count) + b"tQ"


def tensor(*, offset: int = 0, size: tuple[int, ...] = (3, 4), stride: tuple[int, ...] = (4, 1), of: bytes = b"",
           hooks: bytes = b")", more: bytes = b"") -> bytes:
    """A tensor of a storage."""
    return (name("torch._utils", "_rebuild_tensor_v2") + b"(" + (of or storage()) + number(offset) + numbers(size)
            + numbers(stride) + b"\x89" + hooks + more + b"tR")


def table(*pairs: bytes, protocol: int = 2) -> bytes:
    """A pickle of a dictionary of keys and values in turn."""
    return b"\x80" + bytes([protocol]) + b"}(" + b"".join(pairs) + b"u."


GOOD = table(text("weight"), tensor())


def zip_of(pickled: bytes, *, raw: bytes = RAW, folder: str = "archive", more: dict[str, bytes] | None = None,
           packed: int = zipfile.ZIP_STORED, without: str = "") -> bytes:
    """Today's layout."""
    parts = {"data.pkl": pickled, "byteorder": b"little", "data/0": raw, "version": b"3\n", **(more or {})}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packed) as archive:
        for part, content in parts.items():
            if part != without:
                archive.writestr(f"{folder}/{part}" if folder else part, content)
    return stream.getvalue()


def legacy_of(pickled: bytes, *, raw: bytes = RAW, count: int = 12, head: bytes = MAGIC + PROTOCOL + SYSTEM,
              keys: bytes = b"\x80\x02](X\x01\x00\x00\x000e.", tail: bytes = b"") -> bytes:
    """The layout before PyTorch 1.6."""
    return head + pickled + keys + struct.pack("<q", count) + raw + tail


# ---------------------------------------------------------------- pickles that do something

Call = tuple[str, str, bytes]


def _calls(canary: Path) -> dict[str, Call]:
    """Functions that make the canary: module, function, arguments."""
    code = f"__import__('os').mkdir({str(canary)!r})"
    return {"mkdir": ("os", "mkdir", text(str(canary))), "system": ("os", "system", text(f'mkdir "{canary}"')),
            "exec": ("builtins", "exec", text(code)), "eval": ("builtins", "eval", text(code)),
            "open": ("io", "open", text(str(canary)) + text("w"))}


WAYS: dict[str, Callable[[str, str, bytes], bytes]] = {
    "reduce": lambda module, called, arguments: name(module, called) + b"(" + arguments + b"tR",
    "stack-global": lambda module, called, arguments: text(module) + text(called) + b"\x93(" + arguments + b"tR",
    "inst": lambda module, called, arguments: b"(" + arguments + f"i{module}\n{called}\n".encode(),
    "obj": lambda module, called, arguments: b"(" + name(module, called) + arguments + b"o",
    "memory": lambda module, called, arguments: name(module, called) + b"q\x070h\x07(" + arguments + b"tR"}
"""The ways in which a pickle can call a function."""
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "value": lambda call: table(text("weight"), call, protocol=4),
    "beside": lambda call: table(text("weight"), tensor(), text("note"), call, protocol=4),
    "hooks": lambda call: table(text("weight"), tensor(hooks=call), protocol=4),
    "notes": lambda call: b"\x80\x04}(" + text("weight") + tensor() + b"u}" + text("note") + call + b"sb."}
"""The places of a table where a call can hide."""


def armed(folder: Path) -> Iterator[tuple[str, bytes, Path]]:
    """Pickles that make a canary of their own when they are unpickled: title, bytes, canary."""
    for way, written in WAYS.items():
        for place, hidden in PLACES.items():
            for function in _calls(folder):
                canary = folder / f"{function}-{way}-{place}"
                yield canary.name, hidden(written(*_calls(canary)[function])), canary


# ---------------------------------------------------------------- tables that lie

HUGE = 1 << 62
TABLES = {
    "opcode of no pickle": b"\x80\x02\xff.",
    "extension": b"\x80\x02\x82\x01.", "extension 4": b"\x80\x02\x84\x01\x00\x00\x00.",
    "new object": b"\x80\x02" + name("collections", "OrderedDict") + b")\x81.",
    "new object with keywords": b"\x80\x04" + name("collections", "OrderedDict") + b")}\x92.",
    "persistent by text": b"\x80\x02Pstorage\n.", "set": b"\x80\x04\x8f.", "frozen set": b"\x80\x04(\x91.",
    "bytes": b"\x80\x04C\x01a.", "byte array": b"\x80\x05\x96\x01\x00\x00\x00\x00\x00\x00\x00a.",
    "out of band": b"\x80\x05\x97.", "float": b"\x80\x02G\x00\x00\x00\x00\x00\x00\x00\x00.",
    "text number": b"\x80\x02I5\n.", "text long": b"\x80\x02L" + b"9" * 5000 + b"L\n.",
    "text string": b"\x80\x02S'a'\n.",
    "escaped string": b"\x80\x02S'\\q'\n.", "get by text": b"\x80\x02g0\n.", "pop from nothing": b"\x80\x020.",
    "nothing": b"", "only a stop": b"\x80\x02.", "no stop": GOOD[:-1], "two values": b"\x80\x02}}.",
    "mark left": b"\x80\x02(.", "no mark": b"\x80\x02u.", "tuple without mark": b"\x80\x02t.",
    "empty memory": b"\x80\x02h\x05.", "memory without value": b"\x80\x02q\x00.", "call of nothing": b"\x80\x02R.",
    "call of a string": b"\x80\x02" + text("os.system") + b")R.", "name without space": b"\x80\x02cos\n",
    "long string": b"\x80\x02X\xff\xff\xff\x7fa.", "huge string": b"\x80\x04\x8d" + struct.pack("<Q", HUGE) + b"a.",
    "no text": b"\x80\x02X\x01\x00\x00\x00\xff.", "no dictionary": b"\x80\x02].", "a number": b"\x80\x02K\x05.",
    "empty dictionary": b"\x80\x02}.", "number as a key": table(b"K\x01", tensor()),
    "tuple as a key": table(b")", tensor()), "mark as a value": b"\x80\x02}" + text("a") + b"(s.",
    "odd pairs": b"\x80\x02}(" + text("weight") + b"u.", "value of no tensor": table(text("epoch"), b"K\x05"),
    "state inside": table(text("model"), b"}(" + text("weight") + tensor() + b"u"),
    "a storage alone": table(text("weight"), storage()),
    "a name alone": table(text("w"), name("torch", "FloatStorage")),
    "dictionary with arguments": table(text("w"), name("collections", "OrderedDict") + b"(](]etR"),
    "notes on a tensor": table(text("weight"), tensor() + b"}b"), "notes that are none": b"\x80\x02}K\x01b.",
    "itself": b"\x80\x02}q\x00" + text("a") + b"h\x00s.",
    "deep": b"\x80\x02" + b")" + b"\x85" * 200_000 + b".", "long": b"\x80\x02" + b"N0" * 600_000 + b".",
    "endless": b"\x80\x02" + b"N" * 600_000 + b".",
    "unknown name": table(text("w"), name("torch._utils", "_rebuild_tensor_v3")),
    "dotted name": table(text("w"), name("torch", "FloatStorage.__class__")),
    "reader of bytes": table(text("w"), name("torch.storage", "_load_from_bytes") + b"(" + text("") + b"tR"),
    "name of marks": b"\x80\x04((\x93.", "name of numbers": b"\x80\x04K\x01K\x02\x93.",
    "line breaks in a name": b"\x80\x04" + text("os\n\x1b[2J") + text("sy\nstem") + b"\x93.",
}
TENSORS = {
    "huge side": tensor(size=(HUGE, 4)), "huge sides": tensor(size=(1 << 39,) * 8, stride=(1,) * 8),
    "longer than a number can be": tensor(size=(1 << 900,), stride=(1,)),
    "larger than the storage": tensor(size=(4, 4)),
    "spread out": tensor(size=(1 << 30, 1 << 30), stride=(0, 0)),
    "seen twice": tensor(size=(3, 4), stride=(0, 1)),
    "overlapping": tensor(size=(3, 4), stride=(2, 1)), "same steps": tensor(size=(2, 2), stride=(1, 1)),
    "negative side": tensor(size=(-3, 4)), "negative step": tensor(stride=(-4, 1)),
    "negative offset": tensor(offset=-1),
    "behind the storage": tensor(offset=1), "far behind": tensor(offset=HUGE), "wide step": tensor(stride=(HUGE, 1)),
    "step over the end": tensor(stride=(5, 1)), "no side": tensor(size=(0, 4)), "fewer steps": tensor(stride=(1,)),
    "many axes": tensor(size=(1,) * 9, stride=(1,) * 9),
    "no numbers": name("torch._utils", "_rebuild_tensor_v2") + b")R",
    "true as a side": name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage() + b"K\x00\x88\x85K\x01\x85\x89)tR",
    "text as a side": name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage() + b"K\x00" + text("3")
                      + b"\x85K\x01\x85\x89)tR",
    "size of no tuple": name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage() + b"K\x00K\x03K\x01\x89)tR",
    "storage of no kind": tensor(of=b"N"), "conjugate": tensor(more=b"}" + text("conj") + b"\x88s"),
    "parameter of none": name("torch._utils", "_rebuild_parameter") + b"(N\x89)tR",
    "huge storage": tensor(of=storage(count=HUGE)), "empty storage": tensor(of=storage(count=0)),
    "negative storage": tensor(of=storage(count=-12)), "other word": tensor(of=storage(word="module")),
    "other class": tensor(of=storage(kind="BoolStorage")), "other module": tensor(of=storage(module="torch.cuda")),
    "key of a path": tensor(of=storage(key="../../etc/passwd")), "long key": tensor(of=storage(key="1" * 30)),
    "key of other digits": tensor(of=storage(key="\N{ARABIC-INDIC DIGIT ONE}")), "key that is missing":
        tensor(of=storage(key="7")), "empty key": tensor(of=storage(key="")),
    "storage of no tuple": tensor(of=text("storage") + b"Q"), "short storage": tensor(of=text("storage") + b"\x85Q"),
    "longer than its part": tensor(of=storage(count=13)),
    "shorter than its part": tensor(of=storage(count=11), size=(2, 4)),
    "other kind than its part": tensor(of=storage(kind="DoubleStorage")),
}
TABLES |= {title: table(text("weight"), made) for title, made in TENSORS.items()}
TABLES |= {
    "two tensors of the same values": table(text("a"), tensor(), text("b"), tensor()),
    "two tensors that overlap": table(text("a"), tensor(size=(8,), stride=(1,)),
                                      text("b"), tensor(offset=7, size=(2,), stride=(1,))),
    "one storage of two kinds": table(text("a"), tensor(size=(2,), stride=(1,)), text("b"),
                                      tensor(of=storage(kind="IntStorage"), offset=4, size=(2,), stride=(1,)))}


# ---------------------------------------------------------------- files that lie around a table


def _with_entry(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    """A good zip whose table of contents says something else of its numbers."""
    stream = io.BytesIO(zip_of(GOOD))
    with zipfile.ZipFile(stream, "a") as archive:
        change(archive.getinfo("archive/data/0"))
        archive.writestr("archive/.format_version", b"1")  # has the directory written anew
    return stream.getvalue()


def _claim(**values: int) -> Callable[[zipfile.ZipInfo], None]:
    def change(entry: zipfile.ZipInfo) -> None:
        for key, value in values.items():
            setattr(entry, key, value)
    return change


def _twice() -> bytes:
    """A zip with two parts of one name; the second's is put in afterwards, because zipfile would warn."""
    return zip_of(GOOD, more={"data.pkX": GOOD}).replace(b"data.pkX", b"data.pkl")


ZIPS: dict[str, Callable[[], bytes]] = {
    "packed": lambda: zip_of(GOOD, packed=zipfile.ZIP_DEFLATED), "packed otherwise": lambda: zip_of(
        GOOD, packed=zipfile.ZIP_LZMA), "a bomb": lambda: zip_of(
        table(text("w"), tensor(of=storage(count=5_000_000))), raw=bytes(20_000_000), packed=zipfile.ZIP_DEFLATED),
    "larger than the file": lambda: _with_entry(_claim(file_size=1 << 40, compress_size=1 << 40)),
    "larger when unpacked": lambda: _with_entry(_claim(file_size=1 << 40)),
    "smaller than its numbers": lambda: _with_entry(_claim(file_size=8, compress_size=8)),
    "locked": lambda: _with_entry(_claim(flag_bits=1)), "checksum": lambda: _with_entry(_claim(CRC=5)),
    "other numbers at that place": lambda: _with_entry(_claim(header_offset=0)),
    "far away": lambda: _with_entry(_claim(header_offset=1 << 30)), "twice": _twice,
    "a program of TorchScript": lambda: zip_of(GOOD, more={"constants.pkl": GOOD}),
    "code": lambda: zip_of(GOOD, more={"code/__torch__.py": b"import os"}),
    "a way out": lambda: zip_of(GOOD, more={"../../escape": b"x"}),
    "a name of the system": lambda: zip_of(GOOD, more={"data/CON": b"x"}),
    "an odd name": lambda: zip_of(GOOD, more={"data/\x1b[2J\n": b"x"}),
    "no folder": lambda: zip_of(GOOD, folder=""), "no table": lambda: zip_of(GOOD, without="data.pkl"),
    "no numbers": lambda: zip_of(GOOD, without="data/0"),
    "other order": lambda: zip_of(GOOD, more={"byteorder": b"big"}),
    "short numbers": lambda: zip_of(GOOD, raw=RAW[:-1]), "long numbers": lambda: zip_of(GOOD, raw=RAW + b"\0"),
    "large table": lambda: zip_of(GOOD + bytes(5 << 20)), "many parts": lambda: zip_of(
        GOOD, more={f"data/{part}": b"" for part in range(1, 10_001)}),
    "not a number": lambda: zip_of(GOOD, raw=RAW[:-4] + b"\x00\x00\xc0\x7f"),
    "infinite": lambda: zip_of(GOOD, raw=RAW[:-4] + b"\x00\x00\x80\x7f"),
    "empty zip": lambda: b"PK\x05\x06" + bytes(18), "only a beginning": lambda: b"PK\x03\x04",
    "something else": lambda: b"\x89PNG\r\n", "empty": lambda: b"", "a page": lambda: b"<html>Not found</html>"}
LEGACY: dict[str, Callable[[], bytes]] = {
    "other magic": lambda: legacy_of(GOOD, head=b"\x80\x02\x8a\x01\x05." + PROTOCOL + SYSTEM),
    "other protocol": lambda: legacy_of(GOOD, head=MAGIC + b"\x80\x02M\xe8\x03." + SYSTEM),
    "other order": lambda: legacy_of(GOOD, head=MAGIC + PROTOCOL + SYSTEM.replace(
        b"\x88", b"\x89")), "no system": lambda: legacy_of(GOOD, head=MAGIC + PROTOCOL + b"\x80\x02N."),
    "no keys": lambda: legacy_of(GOOD, keys=b"\x80\x02]."),
    "keys of no list": lambda: legacy_of(GOOD, keys=b"\x80\x02}."),
    "other key": lambda: legacy_of(GOOD, keys=b"\x80\x02](X\x01\x00\x00\x001e."), "a key twice": lambda: legacy_of(
        GOOD, keys=b"\x80\x02](X\x01\x00\x00\x000X\x01\x00\x00\x000e."),
    "key of no text": lambda: legacy_of(GOOD, keys=b"\x80\x02](K\x00e."),
    "other count": lambda: legacy_of(GOOD, count=11),
    "huge count": lambda: legacy_of(GOOD, count=HUGE), "negative count": lambda: legacy_of(GOOD, count=-12),
    "cut numbers": lambda: legacy_of(GOOD, raw=RAW[:-1]), "more behind": lambda: legacy_of(GOOD, tail=b"\0"),
    "a zip behind": lambda: legacy_of(GOOD, tail=zip_of(GOOD)), "not a number": lambda: legacy_of(
        GOOD, raw=RAW[:-4] + b"\xff" * 4)}
