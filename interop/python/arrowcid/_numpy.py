"""Columns as numpy arrays over the store's memory."""
from __future__ import annotations

from typing import Any

from ._arrow import ArrowArray, Column, Exported

# Formats of Arrow's C Data Interface whose values numpy reads where they lie, and numpy's type.
_PLAIN = {
    "c": "i1", "C": "u1", "s": "<i2", "S": "<u2", "i": "<i4", "I": "<u4", "l": "<i8", "L": "<u8",
    "e": "<f2", "f": "<f4", "g": "<f8",
    "tdD": "<i4", "tdm": "<M8[ms]", "tts": "<i4", "ttm": "<i4", "ttu": "<m8[us]", "ttn": "<m8[ns]",
    "tDs": "<m8[s]", "tDm": "<m8[ms]", "tDu": "<m8[us]", "tDn": "<m8[ns]",
    "tss:": "<M8[s]", "tsm:": "<M8[ms]", "tsu:": "<M8[us]", "tsn:": "<M8[ns]", "tiM": "<i4",
}


class _Memory:
    """What an array's base is: the address for numpy, and the export that keeps it."""

    __slots__ = ("__array_interface__", "_exported")

    def __init__(self, exported: Exported, address: int, shape: tuple[int, ...], type_text: str) -> None:
        self._exported = exported
        self.__array_interface__ = {"version": 3, "data": (address, True), "shape": shape, "typestr": type_text}


def type_of(format: str) -> str | None:
    """The type by which numpy reads a format where it lies, or None."""
    if format.startswith("ts"):
        return _PLAIN.get(format[:4])
    if format.startswith("w:"):
        return "|V" + format[2:]
    return _PLAIN.get(format)


def _over(numpy: Any, exported: Exported, address: int, shape: tuple[int, ...], type_text: str) -> Any:
    if 0 in shape:
        empty = numpy.empty(shape, type_text)
        empty.flags.writeable = False
        return empty
    return numpy.asarray(_Memory(exported, address, shape, type_text))


def _bits(numpy: Any, exported: Exported, address: int, offset: int, rows: int) -> Any:
    """Bits as booleans, which is a copy."""
    size = (offset + rows + 7) // 8
    packed = _over(numpy, exported, address, (size,), "|u1")
    return numpy.unpackbits(packed, count=offset + rows, bitorder="little")[offset:].view(bool)


def _is_null(numpy: Any, exported: Exported, array: ArrowArray, offset: int, rows: int) -> Any:
    """Where a column is null, or None where it is nowhere."""
    if array.null_count == 0 or array.n_buffers == 0 or not array.buffers[0]:
        return None
    null = ~_bits(numpy, exported, array.buffers[0], offset, rows)
    return null if null.any() else None


def column(exported: Exported, index: int, what: Column, masked: bool) -> Any:
    """A column's values; see ``Batch.numpy``."""
    import numpy

    array = exported.array.children[index][0]
    rows, offset = array.length, array.offset + exported.array.offset
    if what.is_dictionary:
        raise _unreadable(what, "is dictionary-encoded")
    type_text = type_of(what.format)
    if type_text is None and what.format != "b" and not what.format.startswith("+w:"):
        raise _unreadable(what, "has no values of fixed width that numpy knows")
    null = _is_null(numpy, exported, array, offset, rows)
    if null is not None and not masked:
        raise ValueError(f"column '{what.name}' has nulls, which numpy has not: ask for masked=True, or to_pyarrow()")
    if what.format == "b":
        values = _bits(numpy, exported, array.buffers[1] or 0, offset, rows)
    elif type_text is None:
        values = _lists(numpy, exported, array, what, rows, offset)
    else:
        size = numpy.dtype(type_text).itemsize
        values = _over(numpy, exported, (array.buffers[1] or 0) + offset * size, (rows,), type_text)
    if not masked:
        return values
    return numpy.ma.MaskedArray(values, mask=numpy.ma.nomask if null is None else null)


def _lists(numpy: Any, exported: Exported, array: ArrowArray, what: Column, rows: int, offset: int) -> Any:
    """Lists of fixed size as rows of a matrix."""
    width, items = int(what.format[3:]), array.children[0][0]
    type_text = type_of(what.item_format)
    if type_text is None:
        raise _unreadable(what, "has items without values of fixed width that numpy knows")
    if _is_null(numpy, exported, items, items.offset, items.length) is not None:
        raise _unreadable(what, "has nulls among its items")
    size = numpy.dtype(type_text).itemsize
    address = (items.buffers[1] or 0) + (items.offset + offset * width) * size
    return _over(numpy, exported, address, (rows, width), type_text)


def _unreadable(what: Column, why: str) -> TypeError:
    return TypeError(f"column '{what.name}' ({what.format}) {why}: take to_pyarrow().column('{what.name}')")
