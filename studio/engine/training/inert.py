"""Read a pickle as data: nothing in it is imported, called or built.

A pickle is a program for a small machine with a stack. Of its instructions only those are known here that write down a
dictionary of tensors, each is looked up before its argument is read, and the names of classes and functions stay names.
All else is refused, so a file that someone sends cannot run code.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pickletools import opcodes
from typing import Any, BinaryIO, NamedTuple

from studio.engine.errors import CheckpointError

CONVERT = "Get the file again, or where you trust it open it in PyTorch and save its state_dict as .safetensors"
STORAGE_KINDS = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte")
_MOST_INSTRUCTIONS, _MOST_AXES, _LONGEST_SIDE = 500_000, 8, 1 << 40


class Name(NamedTuple):
    """The name of a class or function, which is all that is ever made of it."""

    module: str
    name: str


class Storage(NamedTuple):
    """Where the values of tensors lie: so many numbers of a kind, under a key."""

    kind: str
    key: str
    numbers: int


class TensorPlan(NamedTuple):
    """Which values of a storage make a tensor: offset, size and strides, in numbers."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def end(self) -> int:
        """One more than the last place of the storage that the tensor sees."""
        return self.offset + 1 + sum((side - 1) * step for side, step in zip(self.size, self.stride, strict=True))


_REBUILDS = (Name("torch._utils", "_rebuild_tensor_v2"), Name("torch._utils", "_rebuild_tensor"))
_PARAMETER, _DICT = Name("torch._utils", "_rebuild_parameter"), Name("collections", "OrderedDict")
_STORAGES = {Name("torch", f"{kind}Storage"): kind for kind in STORAGE_KINDS}
_NAMES = {*_REBUILDS, _PARAMETER, _DICT, *_STORAGES}


def read_inert(stream: BinaryIO, *, source: str) -> Any:
    """Read one pickle: numbers, strings, tuples, lists, dictionaries, `Name`, `Storage` and `TensorPlan`.

    The stream then stands behind it. Raises `CheckpointError` naming what is no part of a dictionary of tensors.
    """
    machine = _Machine(source)
    for _ in range(_MOST_INSTRUCTIONS):
        code = stream.read(1)
        opcode = _OPCODES.get(code.decode("latin-1"))
        step = _STEPS.get(opcode.name) if opcode else None
        if opcode is None or step is None:
            what = f"it has {opcode.name}" if opcode else "it has what is none" if code else "it is cut off"
            raise refused(source, f"its table of contents is not that of a plain state dict of tensors ({what})")
        try:
            argument = opcode.arg.reader(stream) if opcode.arg else None
            if opcode.name == "STOP":
                return machine.last()
            step(machine, argument)
        except (ValueError, IndexError, KeyError, OverflowError) as error:
            raise refused(source, f"its table of contents is damaged at {opcode.name}") from error
    raise refused(source, f"its table of contents has more than {_MOST_INSTRUCTIONS} instructions")


def refused(source: str, rule: str) -> CheckpointError:
    """Make the error that says why a file is not taken. Nothing of it was run."""
    return CheckpointError(source, f"{rule}; nothing of it was run", CONVERT)


class _Machine:
    """The stack and the memory of a pickle that is read."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}

    def pop(self, kind: type) -> Any:
        """Take the last value, which must be of a kind."""
        value = self.stack.pop()
        if type(value) is not kind:
            raise self.out_of_place(value)
        return value

    def last(self) -> Any:
        """The one value that is left at the end."""
        value = self.stack.pop()
        if self.stack or value is _MARK:
            raise self.out_of_place(value)
        return value

    def since_mark(self) -> list[Any]:
        """Take all values since the last mark."""
        values = list(itertools.takewhile(lambda value: value is not _MARK, reversed(self.stack)))
        if len(values) == len(self.stack):
            raise refused(self.source, "its table of contents lacks a mark")
        del self.stack[-len(values) - 1:]
        return values[::-1]

    def out_of_place(self, value: Any) -> CheckpointError:
        """Make the error for a value where it does not belong."""
        what = "mark" if value is _MARK else type(value).__name__
        return refused(self.source, f"its table of contents has something ({what}) where weights have none")

    def name(self, module: Any, name: Any) -> None:
        """Push a name, if weights need it."""
        if Name(module, name) not in _NAMES:
            shown = ascii(f"{module}.{name}"[:60]).strip("'\"")
            raise refused(self.source, f"it names {shown}, which weights do not need")
        self.stack.append(Name(module, name))

    def fill(self, pairs: list[Any]) -> None:
        """Put pairs into the dictionary below them; keys are strings."""
        place = self.stack[-1]
        if type(place) is not dict or len(pairs) % 2:
            raise self.out_of_place(place)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) is not str or value is _MARK:
                raise self.out_of_place(key)
            place[key] = value

    def extend(self, values: list[Any]) -> None:
        """Put values into the list below them."""
        place = self.stack[-1]
        if type(place) is not list:
            raise self.out_of_place(place)
        place.extend(values)

    def storage(self, _: Any) -> None:
        """Push the storage that a tuple describes: ("storage", its class, its key, its device, how many numbers)."""
        described = self.pop(tuple)
        word, kind, key, device, count, *view = described
        if (word != "storage" or type(kind) is not Name or kind not in _STORAGES or view not in ([], [None])
                or type(key) is not str or not (key.isascii() and key.isdigit() and len(key) <= 20)
                or type(device) is not str or type(count) is not int or not 0 < count < _LONGEST_SIDE):
            raise refused(self.source, "it describes a storage as weights never do")
        self.stack.append(Storage(_STORAGES[kind], key, count))

    def reduce(self, _: Any) -> None:
        """Write down what a function would have been called with, for the four that weights need."""
        arguments, function = self.pop(tuple), self.pop(Name)
        if function == _DICT and not arguments:
            self.stack.append({})
        elif function == _PARAMETER and len(arguments) == 3 and type(arguments[0]) is TensorPlan:
            self.stack.append(arguments[0])
        elif function in _REBUILDS and len(arguments) >= 4 and not any(arguments[6:]):
            self.stack.append(self.tensor(*arguments[:4]))
        else:
            raise refused(self.source, f"it calls {function.name} as weights never do")

    def build(self, _: Any) -> None:
        """Pass over the notes beside a dictionary (torch keeps version numbers there)."""
        self.pop(dict)
        if type(self.stack[-1]) is not dict:
            raise self.out_of_place(self.stack[-1])

    def tensor(self, storage: Any, offset: Any, size: Any, stride: Any) -> TensorPlan:
        """Check a tensor against its storage: within it, and no value seen twice."""
        if type(storage) is not Storage or type(size) is not tuple or type(stride) is not tuple:
            raise refused(self.source, "it describes a tensor as weights never do")
        numbers = (offset, *size, *stride)
        if (any(type(number) is not int or not 0 <= number < _LONGEST_SIDE for number in numbers)
                or len(size) != len(stride) or len(size) > _MOST_AXES or 0 in size):
            raise refused(self.source, "it describes a tensor with an impossible size")
        plan = TensorPlan(storage, offset, size, stride)
        if math.prod(size) > storage.numbers or plan.end > storage.numbers:
            raise refused(self.source, "it describes a tensor that is larger than its storage")
        reach = 1
        for step, side in sorted((step, side) for step, side in zip(stride, size, strict=True) if side > 1):
            if step < reach:
                raise refused(self.source, "it describes a tensor whose values overlap")
            reach = step * side
        return plan


_MARK: Any = object()


def _push(machine: _Machine, argument: Any) -> None:
    machine.stack.append(argument)


def _keep(machine: _Machine, place: int) -> None:
    machine.memory[place] = machine.stack[-1]


def _pass_over(_machine: _Machine, _argument: Any) -> None:
    """Nothing follows from this instruction."""


def _tuple_of(length: int) -> Callable[[_Machine, Any], None]:
    def step(machine: _Machine, _: Any) -> None:
        values = [machine.stack.pop() for _ in range(length)]
        machine.stack.append(tuple(reversed(values)))
    return step


_Step = Callable[[_Machine, Any], Any]
_OPCODES = {opcode.code: opcode for opcode in opcodes}
_STEPS: dict[str, _Step] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), _pass_over),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE"), _push),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _keep),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda machine, place: _push(machine, machine.memory[place])),
    "MEMOIZE": lambda machine, _: _keep(machine, len(machine.memory)),
    "NONE": lambda machine, _: _push(machine, None),
    "NEWTRUE": lambda machine, _: _push(machine, True),
    "NEWFALSE": lambda machine, _: _push(machine, False),
    "MARK": lambda machine, _: _push(machine, _MARK),
    "EMPTY_DICT": lambda machine, _: _push(machine, {}),
    "EMPTY_LIST": lambda machine, _: _push(machine, []),
    "EMPTY_TUPLE": _tuple_of(0), "TUPLE1": _tuple_of(1), "TUPLE2": _tuple_of(2), "TUPLE3": _tuple_of(3),
    "TUPLE": lambda machine, _: _push(machine, tuple(machine.since_mark())),
    "SETITEM": lambda machine, _: machine.fill([machine.stack.pop(), machine.stack.pop()][::-1]),
    "SETITEMS": lambda machine, _: machine.fill(machine.since_mark()),
    "APPEND": lambda machine, _: machine.extend([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "GLOBAL": lambda machine, name: machine.name(*name.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.name(*[machine.pop(str), machine.pop(str)][::-1]),
    "BINPERSID": _Machine.storage,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
}
"""What each known instruction does. All others are refused unread."""
