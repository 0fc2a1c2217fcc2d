"""A batch that is computed in the store's memory."""
from __future__ import annotations

import ctypes
import weakref
from ctypes import byref, c_int64, c_void_p
from typing import TYPE_CHECKING, Any, Mapping

from ._arrow import ArrowSchema, columns_of
from ._library import CColumn, Handle, call, native
from ._numpy import type_of
from ._records import BlockBytes, Put, put_of

if TYPE_CHECKING:
    import numpy as np

    from ._store import Store

# How a memoryview shows the values of a format; others are bytes.
_CASTS = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I", "l": "q", "L": "Q", "e": "e", "f": "f", "g": "d",
          "tdD": "i", "tdm": "q", "tts": "i", "ttm": "i", "ttu": "q", "ttn": "q", "tDs": "q", "tDm": "q", "tDu": "q",
          "tDn": "q", "tiM": "i", "tss:": "q", "tsm:": "q", "tsu:": "q", "tsn:": "q"}
_LARGE = ("U", "Z")


class _ReservationHandle(Handle):
    __slots__ = ()
    _end = "abandon"


class Reservation:
    """A batch in the making, in the memory of the store where it will stand. ``Store.reserve`` gives it::

        with store.reserve(schema, 1000) as batch:
            batch.numpy("px")[:] = prices
            put = batch.commit()

    Without ``commit()`` nothing of it stays. The memory is the published block's afterwards: ``commit()`` raises
    ``BufferError`` while an array or a view over it is still in use. One thread at a time.
    """

    def __init__(self, store: Store, schema: c_void_p, rows: int, data_bytes: Mapping[str, int] | None) -> None:
        self._columns = columns_of(ArrowSchema.from_address(schema.value or 0))
        self._views: list[tuple[str, Any]] = []
        self._store = store
        self._handle = _ReservationHandle()
        wanted = dict(data_bytes or {})
        sizes = (c_int64 * len(self._columns))(*(wanted.pop(column.name, 0) for column in self._columns))
        if wanted:
            raise KeyError(f"no column {', '.join(map(repr, wanted))}")
        call(native.reserve, store._open(), schema, rows, sizes, byref(self._handle))

    def values(self, column: str | int) -> memoryview:
        """The values of a column of fixed width, or the bits of booleans, zero at first."""
        index = self._index(column)
        memory = self._memory(index)
        return self._view(index, memory.values, memory.values_length, _cast(self._columns[index].format))

    def numpy(self, column: str | int) -> np.ndarray:
        """The same as a numpy array; booleans are not among them."""
        import numpy

        index = self._index(column)
        type_text = type_of(self._columns[index].format)
        if type_text is None:
            raise TypeError(f"column '{self._columns[index].name}' has no values of fixed width that numpy knows")
        return numpy.frombuffer(self.values(index).cast("B"), type_text)

    def offsets(self, column: str | int) -> memoryview:
        """Where each row's bytes end in ``data``, of a column of text or binary: one number more than rows, from 0."""
        index = self._index(column)
        memory = self._memory(index)
        is_large = self._columns[index].format in _LARGE
        return self._view(index, memory.offsets, memory.offsets_length, "q" if is_large else "i")

    def data(self, column: str | int) -> memoryview:
        """The rows' bytes of a column of text or binary, one behind the other."""
        index = self._index(column)
        memory = self._memory(index)
        return self._view(index, memory.data, memory.data_length, "B")

    def validity(self, column: str | int) -> memoryview:
        """A bit a row, the lowest first, zero for null; all ones when it is asked for first."""
        index = self._index(column)
        bits, length = c_void_p(), c_int64()
        call(native.reserved_validity, self._handle, index, byref(bits), byref(length))
        return self._view(index, bits.value, length.value, "B")

    def commit(self) -> Put:
        """Publishes the batch under the CID that a put of it gives, and ends the reservation, also where it fails."""
        self._let_go()
        block, handle, self._handle = BlockBytes(), self._handle, _ReservationHandle()
        try:
            call(native.commit, handle, block)
        finally:
            handle.value = 0
        return put_of(block.raw)

    def abandon(self) -> None:
        """Gives the memory back. After ``commit()``, or again: nothing."""
        if self._handle:
            self._let_go()
            self._handle.end()

    close = abandon

    def __enter__(self) -> Reservation:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.abandon()
        except BufferError:
            if kind is None:
                raise

    def __reduce__(self) -> Any:
        raise TypeError("a reservation stays in its process")

    def _memory(self, index: int) -> CColumn:
        memory = CColumn()
        call(native.reserved_column, self._handle, index, byref(memory))
        return memory

    def _view(self, index: int, address: int | None, length: int, cast: str) -> memoryview:
        if address is None and length == 0:
            return memoryview(bytearray()).cast(cast)  # type: ignore[call-overload]
        memory = (ctypes.c_uint8 * length).from_address(address or 0)
        # The view refers to the memory, and the memory to its reservation.
        memory._reservation = self._handle  # type: ignore[attr-defined]
        self._views = [each for each in self._views if each[1]() is not None]
        self._views.append((self._columns[index].name, weakref.ref(memory)))
        return memoryview(memory).cast("B").cast(cast)  # type: ignore[call-overload]

    def _let_go(self) -> None:
        used = sorted({name for name, memory in self._views if memory() is not None})
        if used:
            raise BufferError(f"arrays or views over {', '.join(used)} are still in use: drop them first (del)")

    def _index(self, column: str | int) -> int:
        if isinstance(column, int):
            if not 0 <= column < len(self._columns):
                raise IndexError(f"{len(self._columns)} columns are reserved, and none of number {column}")
            return column
        for index, each in enumerate(self._columns):
            if each.name == column:
                return index
        raise KeyError(column)


def _cast(format: str) -> str:
    return _CASTS.get(format[:4] if format.startswith("ts") else format, "B")
