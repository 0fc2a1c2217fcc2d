"""A batch of a store, and several as a stream."""
from __future__ import annotations

import ctypes
import html
import struct
from ctypes import addressof, byref, c_int64, c_void_p
from typing import TYPE_CHECKING, Any, Dict, Iterator

from . import _numpy
from ._arrow import ArrowArray, Column, Exported, columns_of, exported_schema, release
from ._cid import Cid, cid_of, packed
from ._errors import InvalidArgument
from ._library import CBlock, call, native

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    from ._store import Store


class _Recent(Dict[bytes, Any]):
    """What batches of one schema share, by the schema's CID, for the schemas that came last."""

    MOST = 256

    def keep(self, cid: bytes, value: Any) -> Any:
        if len(self) >= self.MOST:
            self.clear()
        self[cid] = value
        return value


_columns, _pyarrow_schemas = _Recent(), _Recent()
_pyarrow: Any = None
_byte = ctypes.c_uint8
_schema_cid = slice(CBlock.schema_cid.offset, CBlock.schema_cid.offset + CBlock.schema_cid.size)
_rows = struct.Struct("=q")
_SHOWN = 10


class Batch:
    """A record batch where it lies in the store, read-only. ``Store.get`` gives it.

    It offers the Arrow PyCapsule interface, so that pyarrow, polars, DuckDB, pandas and others take it without a copy:
    ``pyarrow.record_batch(batch)``. ``close()``, the end of a ``with``, or the end of the object gives up its own hold
    on the block. What was made from it before (pyarrow batches, numpy arrays, memoryviews, capsules) has a hold of its
    own and stays valid, beyond the store's ``close()`` too.
    """

    __slots__ = ("cid", "_lease", "_block", "_exported", "__weakref__")

    cid: Cid
    """The batch's CID."""

    def __init__(self, cid: Cid, lease: Any) -> None:
        self.cid = cid
        self._lease = lease  # a capsule of the library's, which releases it
        self._block: bytes | None = None
        self._exported: Exported | None = None

    def close(self) -> None:
        """Gives up the batch's own hold. Again: nothing."""
        self._lease = self._exported = None

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<arrowcid.Batch {self.cid}{' closed' if self._lease is None else ''}>"

    def __reduce__(self) -> Any:
        raise TypeError("a batch stays in its store: send its cid, and let the other process get it")

    @property
    def rows(self) -> int:
        """Its number of rows."""
        rows: int = _rows.unpack_from(self._about(), CBlock.rows.offset)[0]
        return rows

    def __len__(self) -> int:
        return self.rows

    @property
    def num_rows(self) -> int:
        """Its number of rows, under the name that pyarrow has for it."""
        return self.rows

    @property
    def schema(self) -> pyarrow.Schema:
        """Its schema as a ``pyarrow.Schema``."""
        return _pyarrow_schemas.get(self._about()[_schema_cid]) or self._pyarrow_schema()

    @property
    def schema_cid(self) -> Cid:
        """The CID of its schema; batches of one schema share it."""
        return cid_of(self._about()[_schema_cid])

    @property
    def column_names(self) -> list[str]:
        """The columns' names in their order."""
        return [column.name for column in self._columns()]

    @property
    def buffer(self) -> memoryview:
        """The canonical block: a whole Arrow IPC stream whose SHA-256 is in the CID. Without a copy, read-only."""
        lease, at, length = self._held(), c_void_p(), c_int64()
        call(native.lease_block, c_int64(native.python_handle(lease)), byref(at), byref(length), None)
        memory = (_byte * length.value).from_address(at.value or 0)
        # The view refers to the memory, and the memory to its lease.
        memory._lease = lease  # type: ignore[attr-defined]
        return memoryview(memory).toreadonly().cast("B")

    def numpy(self, column: str | int, *, masked: bool = False) -> np.ndarray:
        """A column as a read-only numpy array over the store's memory, which the array keeps.

        Numbers, times of 64 bits, durations and fixed-size binary come as they lie; dates and times of 32 bits as their
        integers; lists of fixed size as a matrix. Booleans are bits, which numpy has not: they are copied. A column
        with nulls wants ``masked=True`` and is then a ``numpy.ma.MaskedArray``. Text, dictionaries, decimals and nested
        columns raise ``TypeError``: take ``to_pyarrow()``.
        """
        index = self._index(column)
        self._held()
        exported = self._exported
        if exported is None:
            exported = self._exported = Exported(self._held())
        return _numpy.column(exported, index, self._columns()[index], masked)

    def to_pyarrow(self) -> pyarrow.RecordBatch:
        """The batch as a ``pyarrow.RecordBatch`` over the store's memory, which that keeps."""
        lease, array = self._lease or self._held(), ArrowArray()
        schema = _pyarrow_schemas.get((self._block or self._about())[_schema_cid]) or self._pyarrow_schema()
        at = addressof(array)
        native.python_export(lease, at)
        try:
            return _pyarrow.RecordBatch._import_from_c(at, schema)
        except BaseException:
            release(array)
            raise

    def __getitem__(self, column: str | int) -> pyarrow.Array:
        """A column as a ``pyarrow.Array`` over the store's memory: ``batch["px"]``."""
        return self.to_pyarrow().column(self._index(column))

    def to_pandas(self) -> Any:
        """The batch as a ``pandas.DataFrame``; pandas copies what it cannot take over."""
        return self.to_pyarrow().to_pandas()

    def _repr_html_(self) -> str:
        """A table of the first rows under a small picture of each column, for notebooks."""
        if self._lease is None or not self._about()[_schema_cid][0]:
            return f"<code>{html.escape(repr(self))}</code>"
        from ._picture import picture

        whole = self.to_pyarrow()
        first = whole.slice(0, _SHOWN)
        head = "".join(f"<th>{html.escape(str(name))}<br>{picture(column)}</th>"
                       for name, column in zip(self.column_names, whole.columns))
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(str(column[row].as_py()))}</td>" for column in first.columns)
                       + "</tr>" for row in range(first.num_rows))
        return (f"<p>{html.escape(str(self.cid))}: {self.rows} rows</p>"
                f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        """The capsules of schema and array. A requested schema is not cast to: the batch comes as it is."""
        return native.python_array(self._lease or self._held())

    def __arrow_c_device_array__(self, requested_schema: Any = None, **_: Any) -> tuple[Any, Any]:
        """The capsules of schema and device array, on the CPU."""
        return native.python_device_array(self._held())

    def __arrow_c_schema__(self) -> Any:
        """The capsule of the schema."""
        return native.python_schema(self._held())

    def _held(self) -> Any:
        lease = self._lease
        if lease is None:
            raise InvalidArgument("the batch is closed")
        return lease

    def _about(self) -> bytes:
        known = self._block
        if known is None:
            known = self._block = native.python_block(self._held())
        return known

    def _columns(self) -> list[Column]:
        cid = self._about()[_schema_cid]
        known: list[Column] | None = _columns.get(cid)
        if known is None:
            with exported_schema(self._held()) as schema:
                known = _columns.keep(cid, columns_of(schema))
        return known

    def _index(self, column: str | int) -> int:
        columns = self._columns()
        if isinstance(column, int):
            if not -len(columns) <= column < len(columns):
                raise IndexError(f"the batch has {len(columns)} columns, and none of number {column}")
            return column % len(columns)
        for index, each in enumerate(columns):
            if each.name == column:
                return index
        raise KeyError(column)

    def _pyarrow_schema(self) -> Any:
        with exported_schema(self._held()) as schema:
            made = _import_pyarrow().Schema._import_from_c(addressof(schema))
        return _pyarrow_schemas.keep(self._about()[_schema_cid], made)


class BatchStream:
    """Several batches of one schema, as a stream. ``Store.stream`` gives it.

    DuckDB, polars, pandas and pyarrow take it (``pyarrow.RecordBatchReader.from_stream(stream)``), each as often as
    they like. A batch is held from when its turn comes; the store must be open until then.
    """

    __slots__ = ("_store", "_cids", "_count")

    def __init__(self, store: Store, cids: Any) -> None:
        self._store = store
        self._cids, self._count = packed(cids)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Batch]:
        size = len(self._cids) // max(1, self._count)
        for at in range(0, len(self._cids), size or 1):
            yield self._store[cid_of(self._cids[at:at + size])]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The capsule of the stream. A requested schema is not cast to: the batches come as they are."""
        return native.python_stream(self._store._handle.value, self._cids)

    def to_pyarrow(self) -> pyarrow.RecordBatchReader:
        """A ``pyarrow.RecordBatchReader`` of the batches."""
        return _import_pyarrow().RecordBatchReader.from_stream(self)


def _import_pyarrow() -> Any:
    global _pyarrow
    import pyarrow

    _pyarrow = pyarrow
    return pyarrow
