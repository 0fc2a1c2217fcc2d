"""Arrow's C Data structs: taken out of the capsules that other libraries give, and read where the store's lie."""
from __future__ import annotations

import contextlib
import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, addressof, byref, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Iterator, NamedTuple

from ._library import call, native


class ArrowSchema(Structure):
    pass


class ArrowArray(Structure):
    pass


class ArrowArrayStream(Structure):
    pass


ArrowSchema._fields_ = [
    ("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p), ("flags", c_int64), ("n_children", c_int64),
    ("children", POINTER(POINTER(ArrowSchema))), ("dictionary", POINTER(ArrowSchema)), ("release", c_void_p),
    ("private_data", c_void_p),
]
ArrowArray._fields_ = [
    ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64), ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)), ("children", POINTER(POINTER(ArrowArray))), ("dictionary", POINTER(ArrowArray)),
    ("release", c_void_p), ("private_data", c_void_p),
]
ArrowArrayStream._fields_ = [
    ("get_schema", CFUNCTYPE(c_int, c_void_p, c_void_p)), ("get_next", CFUNCTYPE(c_int, c_void_p, c_void_p)),
    ("get_last_error", CFUNCTYPE(c_char_p, c_void_p)), ("release", c_void_p), ("private_data", c_void_p),
]

_RELEASE = CFUNCTYPE(None, c_void_p)
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.argtypes = [ctypes.py_object, c_char_p]
_pointer.restype = c_void_p


def release(struct: Any, _call: Any = _RELEASE, _reference: Any = byref) -> None:
    """Releases a struct that is ours, unless a consumer has taken it over. It needs no globals: at the end of the
    interpreter there are none."""
    if struct.release:
        _call(struct.release)(_reference(struct))


def pointer_of(capsule: Any, name: bytes) -> c_void_p:
    """What a capsule of that name points to."""
    try:
        return c_void_p(_pointer(capsule, name))
    except ValueError:
        raise TypeError(f"not a capsule '{name.decode()}' but {capsule!r}") from None


def array_capsules(source: Any) -> tuple[Any, Any] | None:
    """The capsules of what offers one batch, schema first, or None where it offers none. They own the batch."""
    export = getattr(source, "__arrow_c_array__", None)
    if export is None or isinstance(source, type):
        return None
    capsules = export()
    if not isinstance(capsules, tuple) or len(capsules) != 2:
        raise TypeError(f"__arrow_c_array__ of {type(source).__name__} gives no two capsules but {capsules!r}")
    return capsules[0], capsules[1]


def stream_capsule(source: Any) -> Any:
    """The capsule of what offers a stream of batches, or None."""
    export = getattr(source, "__arrow_c_stream__", None)
    return None if export is None or isinstance(source, type) else export()


def schema_capsule(source: Any) -> Any:
    """The capsule of what offers a schema."""
    export = getattr(source, "__arrow_c_schema__", None)
    if export is None or isinstance(source, type):
        raise TypeError(f"a schema has __arrow_c_schema__, and {type(source).__name__} has not")
    return export()


def batches_of(stream: ArrowArrayStream) -> Iterator[tuple[ArrowSchema, ArrowArray]]:
    """The batches of a foreign stream, each released after the step that uses it."""
    at, schema = addressof(stream), ArrowSchema()
    if not stream.release:
        raise ValueError("the stream was released, or a consumer has taken it over")
    _answer(stream, stream.get_schema(at, addressof(schema)))
    try:
        while True:
            array = ArrowArray()
            _answer(stream, stream.get_next(at, addressof(array)))
            if not array.release:
                return
            try:
                yield schema, array
            finally:
                release(array)
    finally:
        release(schema)


def _answer(stream: ArrowArrayStream, number: int) -> None:
    if number:
        said = stream.get_last_error(addressof(stream)) if stream.get_last_error else None
        raise OSError(number, (said or b"the stream does not say what failed").decode("utf-8", "replace"))


def is_same_schema(left: ArrowSchema, right: ArrowSchema) -> bool:
    """Whether two schemas say the same, in every word."""
    if left.format != right.format or left.name != right.name or left.flags != right.flags:
        return False
    if left.n_children != right.n_children:
        return False
    if _metadata(left.metadata) != _metadata(right.metadata) or bool(left.dictionary) != bool(right.dictionary):
        return False
    if left.dictionary and not is_same_schema(left.dictionary[0], right.dictionary[0]):
        return False
    return all(is_same_schema(left.children[i][0], right.children[i][0]) for i in range(left.n_children))


def _metadata(at: int | None) -> bytes:
    if not at:
        return b""
    end = at + 4
    for _ in range(2 * max(0, c_int32_at(at))):
        end += 4 + max(0, c_int32_at(end))
    return ctypes.string_at(at, end - at)


def c_int32_at(address: int) -> int:
    return ctypes.c_int32.from_address(address).value


class Column(NamedTuple):
    """What a column is, read from its schema."""

    name: str
    format: str
    is_dictionary: bool
    item_format: str
    """Of a list of fixed size."""


def columns_of(schema: ArrowSchema) -> list[Column]:
    """The columns of a batch."""
    return [_column(schema.children[i][0]) for i in range(schema.n_children)]


def _column(field: ArrowSchema) -> Column:
    item = field.children[0][0] if field.n_children == 1 else None
    return Column((field.name or b"").decode(), field.format.decode(), bool(field.dictionary),
                  item.format.decode() if item is not None and not item.dictionary else "")


class Exported:
    """A batch of the store as C Data that this process holds; gives it back when nothing refers to it."""

    __slots__ = ("array",)

    def __init__(self, lease: Any) -> None:
        self.array = ArrowArray()
        native.python_export(lease, addressof(self.array))

    def __del__(self, _release: Any = release) -> None:
        _release(self.array)


@contextlib.contextmanager
def exported_schema(lease: Any) -> Iterator[ArrowSchema]:
    """The schema of a batch of the store, for a ``with``."""
    schema, array = ArrowSchema(), ArrowArray()
    call(native.lease_array, c_int64(native.python_handle(lease)), byref(schema), byref(array))
    try:
        yield schema
    finally:
        release(array)
        release(schema)
