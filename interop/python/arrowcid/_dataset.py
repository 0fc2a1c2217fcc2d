"""A dataset of a store."""
from __future__ import annotations

import ctypes
from ctypes import byref, c_int64
from typing import TYPE_CHECKING, Any, Iterator, List

from ._batch import Batch, BatchStream
from ._cid import Cid, cid_of
from ._errors import ErrorCode
from ._library import CID_BYTES, CError, failure, native

if TYPE_CHECKING:
    import pyarrow

    from ._records import Block
    from ._store import Store


class Dataset:
    """Batches of one schema in order, under one CID. ``Store.dataset`` gives it.

    It is a stream for every library that takes ``__arrow_c_stream__``: ``pyarrow.table(dataset)``, polars, DuckDB. Each
    batch is mapped when its turn comes. Iterating gives ``Batch`` objects; ``len(dataset)`` is the number of batches.
    """

    __slots__ = ("_store", "_block", "_batches")

    def __init__(self, store: Store, block: Block) -> None:
        self._store = store
        self._block = block
        self._batches: List[Cid] | None = None

    @property
    def cid(self) -> Cid:
        """The dataset's CID."""
        return self._block.cid

    @property
    def schema_cid(self) -> Cid:
        """The CID of the batches' schema."""
        assert self._block.schema_cid is not None
        return self._block.schema_cid

    @property
    def num_rows(self) -> int:
        """The rows of all batches together."""
        return self._block.rows

    @property
    def batches(self) -> List[Cid]:
        """The CIDs of the batches in order."""
        if self._batches is None:
            self._batches = self._read_batches()
        return list(self._batches)

    @property
    def schema(self) -> pyarrow.Schema:
        """The batches' schema as a ``pyarrow.Schema``."""
        return self.to_pyarrow_reader().schema

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        for cid in self.batches:
            yield self._store[cid]

    def __getitem__(self, index: int) -> Batch:
        return self._store[self.batches[index]]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The capsule of a stream of the batches. A requested schema is not cast to: the batches come as they are."""
        return BatchStream(self._store, [self.cid]).__arrow_c_stream__(requested_schema)

    def to_pyarrow_reader(self) -> pyarrow.RecordBatchReader:
        """A ``pyarrow.RecordBatchReader`` of the batches."""
        return BatchStream(self._store, [self.cid]).to_pyarrow()

    def to_pyarrow(self) -> pyarrow.Table:
        """A ``pyarrow.Table`` over the store's memory."""
        return self.to_pyarrow_reader().read_all()

    def to_pandas(self) -> Any:
        """All rows as a ``pandas.DataFrame``."""
        return self.to_pyarrow().to_pandas()

    def _repr_html_(self) -> str:
        """The first batch as a table, for notebooks."""
        batches = self.batches
        shown = self._store[batches[0]]._repr_html_() if batches else ""
        return f"<p>{self.cid}: {self.num_rows} rows in {len(batches)} batches</p>{shown}"

    def __repr__(self) -> str:
        return f"<arrowcid.Dataset {self.cid} of {self.num_rows} rows>"

    def _read_batches(self) -> List[Cid]:
        capacity = 256
        while True:
            cids, count, error = ctypes.create_string_buffer(capacity * CID_BYTES), c_int64(), CError()
            code = native.dataset_batches(self._store._open(), self.cid, cids, capacity, byref(count), byref(error))
            if code == 0:
                raw = cids.raw
                return [cid_of(raw[at:at + CID_BYTES]) for at in range(0, count.value * CID_BYTES, CID_BYTES)]
            if code != ErrorCode.TOO_LARGE or count.value <= capacity:
                raise failure(code, error)
            capacity = count.value
