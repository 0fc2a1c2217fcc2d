"""Stores: directories of mapped files that any process opens."""
from __future__ import annotations

import contextlib
import ctypes
import html
import json
import os
import weakref
from ctypes import byref, c_int64, c_void_p
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Protocol, TypeVar, Union, overload

from ._arrow import ArrowSchema, array_capsules, is_same_schema, pointer_of, schema_capsule, stream_capsule
from ._batch import Batch, BatchStream
from ._cid import Cid, cid_of, packed, to_cid
from ._dataset import Dataset
from ._errors import (ArrowCidError, BlockNotFound, ErrorCode, InvalidArgument, InvalidCid, NameNotFound,
                      SchemaMismatch)
from ._library import (BATCHES_AT_ONCE, CID_BYTES, NOTHING, CError, CName, COptions, CRemoval, Handle, bytes_of, call,
                       failure, native, text, to_text)
from ._records import (BLOCK_BYTES, Block, BlockBytes, Facts, Name, Put, Removal, block_of, blocks_of, dataset_json,
                       expiry_ms, facts_json, name_of, put_of, puts_of)
from ._reservation import Reservation
from ._signing import SigningKey, Statement, says_json, statement_of
from ._sync import SyncReport, options_of, sync
from ._watch import Watch

if TYPE_CHECKING:
    from typing_extensions import Unpack

    Path = Union[str, "os.PathLike[str]"]
    CidLike = Union[Cid, str, bytes]

_SHOWN = 20
_DURABILITY = {None: 0, "none": 1, "batch": 2, "always": 3}
_VERIFY = {None: 0, "trusted": 1, "first-read": 2, "always": 3}
_RETENTION = {None: 0, "keep": 0, "ring": 1}


class SupportsArrowArray(Protocol):
    """What offers one batch: ``pyarrow.RecordBatch``, ``Batch`` and others."""

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...


class SupportsArrowStream(Protocol):
    """What offers batches one after the other: tables, readers, data frames, query results."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


class _Any:
    def __repr__(self) -> str:
        return "arrowcid.ANY"


_Dependent = TypeVar("_Dependent", Reservation, Watch)

ANY = _Any()
"""For ``Store.set_name``: whatever the name points to."""


class _StoreHandle(Handle):
    __slots__ = ()
    _end = "close"


def open(path: Path | None = None, *, capacity: int = 0, segment_size: int = 0, timeout: float | None = None,
         durability: str | None = None, verify: str | None = None, retention: str | None = None,
         read_only: bool = False, must_exist: bool = False, group: bool = False, copy: bool = False) -> Store:
    """Opens a store, and makes it where there is none.

    :param path: its directory; else ``ARROWCID_STORE`` of the environment, else ``/dev/shm/arrowcid-UID/default``.
    :param capacity: the most bytes it may take, in whole MiB; counts where the store is made, as do the next two.
    :param segment_size: the bytes of one of its files, in whole MiB.
    :param retention: what a full store does: ``keep`` (refuses) or ``ring`` (lets its oldest blocks go).
    :param timeout: how many seconds a call waits for other processes; five unless set.
    :param durability: on a disk, when a put outlives a loss of power: ``none``, ``batch`` (the default), ``always``.
    :param verify: what a read proves: ``trusted`` (the default), ``first-read``, ``always``.
    :param read_only: nothing is made or changed.
    :param must_exist: fails with ``StoreGone`` where there is none.
    :param group: several users share it.
    :param copy: its writers are not trusted: every read copies and proves the block.
    """
    options = COptions(
        size=ctypes.sizeof(COptions), capacity=capacity, segment_size=segment_size,
        timeout_ms=0 if timeout is None else max(1, int(timeout * 1000)),
        durability=_choice(_DURABILITY, durability, "durability"), verify=_choice(_VERIFY, verify, "verify"),
        retention=_choice(_RETENTION, retention, "retention"),
        flags=read_only * 1 | must_exist * 2 | group * 4 | copy * 8)
    directory = None if path is None else os.fsencode(path)
    if directory is not None and b"\0" in directory:
        raise ValueError("the path holds a NUL")
    return Store(directory, options)


def _choice(choices: dict[str | None, int], value: str | None, what: str) -> int:
    try:
        return choices[value]
    except (KeyError, TypeError):
        raise InvalidArgument(f"{what} is one of {', '.join(k for k in choices if k)}, not {value!r}") from None


class Store:
    """An open store. ``arrowcid.open`` gives it; it may be used by all threads at once.

    ``close()``, or the end of a ``with``, ends its watches and reservations. Batches that it gave stay valid. Sent to
    another process by ``multiprocessing`` it is opened again there.
    """

    def __init__(self, directory: bytes | None, options: COptions) -> None:
        self._options = options
        self._dependents: List[Any] = []
        self._handle = _StoreHandle()
        call(native.open, directory, byref(options), byref(self._handle))

    def close(self) -> None:
        """Closes it. Raises ``BufferError`` while arrays over a reservation of it are in use. Again: nothing."""
        for reference in self._dependents:
            dependent = reference()
            if dependent is not None:
                dependent.close()
        self._handle.end()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<arrowcid.Store {self.directory if self._handle else 'closed'}>"

    def _repr_html_(self) -> str:
        """The names of the store, for notebooks."""
        if not self._handle:
            return "<code>&lt;arrowcid.Store closed&gt;</code>"
        names = self.names()
        rows = "".join(f"<tr><td>{html.escape(name.name)}</td><td>{name.kind}</td><td><code>{name.cid}</code></td></tr>"
                       for name in names[:_SHOWN])
        more = f"<p>and {len(names) - _SHOWN} more</p>" if len(names) > _SHOWN else ""
        return f"<p>{html.escape(self.directory)}: {len(names)} names</p><table>{rows}</table>{more}"

    def __reduce__(self) -> Any:
        return _reopen, (os.fsencode(self.directory), bytes(self._options))

    @property
    def directory(self) -> str:
        """Where it is."""
        return text(native.directory, self._open())

    def flush(self) -> None:
        """Returns once all that was put outlives a loss of power; in shared memory there is nothing to do."""
        call(native.flush, self._open())

    # ------------------------------------------------------------ putting

    @overload
    def put(self, data: SupportsArrowArray, /, **facts: Unpack[Facts]) -> Put: ...

    @overload
    def put(self, data: SupportsArrowStream | bytes | bytearray | memoryview, /,
            **facts: Unpack[Facts]) -> List[Put]: ...

    def put(self, data: Any, /, **facts: Any) -> Any:
        """Puts one batch, or all batches of a stream. Once it returns every process finds them.

        One batch (what has ``__arrow_c_array__``) gives a ``Put``; a stream of batches (``__arrow_c_stream__``: tables,
        readers, data frames, query results) and the bytes of an Arrow IPC stream or file give a list of them. A ``dict``
        of columns is put as ``pyarrow.record_batch`` makes it. Where a stream fails in the middle, the batches before
        stay put.

        What else is given (``Facts``: ``tags``, ``producer``, ``parents``, ``data``, ``expires``, ``locations``,
        ``pin``, ``name``) is metadata of each block, for ``list``, ``describe`` and filters; no CID depends on it. A
        ``name`` of several batches makes a dataset of them and names that: ``store.dataset(name)``.
        """
        if isinstance(data, dict):
            data = _batch_of(data)
        said = facts_json(facts) if facts else None  # before anything is read or put
        capsules = array_capsules(data)
        if capsules is not None:
            schema, array = pointer_of(capsules[0], b"arrow_schema"), pointer_of(capsules[1], b"arrow_array")
            block = BlockBytes()
            call(native.put_array, self._open(), schema, array, said, block)
            return put_of(block.raw)
        capsule = stream_capsule(data)
        if capsule is not None:
            name = facts.pop("name", None)
            said = facts_json(facts) if facts else None
            puts = self._put_stream(pointer_of(capsule, b"arrow_array_stream"), said)
            if name is not None:
                self._name(name, puts, facts)
            return puts
        return self._put_ipc(data, said)

    def put_raw(self, data: Any, /, **facts: Unpack[Facts]) -> Put:
        """Puts any bytes as they are. Those of a batch's canonical block are put as that batch. ``get`` gives what has
        a ``buffer`` and no columns."""
        said, block = facts_json(facts) if facts else None, BlockBytes()
        with bytes_of(data) as (address, length):
            call(native.put_raw, self._open(), address, length, said, block)
        return put_of(block.raw)

    def put_many(self, batches: Iterable[SupportsArrowArray], /, *, together: bool = False,
                 **facts: Unpack[Facts]) -> List[Put]:
        """Puts many batches (each with ``__arrow_c_array__``) in few calls: those of one schema that follow each other
        are hashed and announced in one.

        :param together: whether those of one call become visible together or not at all. They have to fit one segment
            of the store. With facts they are.

        What else is given is metadata of each batch, as of ``put``; it has no ``name``.
        """
        said = facts_json(facts) if facts else b"{}" if together else None
        puts: List[Put] = []
        group: List[tuple[Any, Any]] = []
        first: Any = None
        for batch in batches:
            capsules = array_capsules(batch)
            if capsules is None:
                raise TypeError(f"put_many takes what has __arrow_c_array__, and {type(batch).__name__} has not")
            if group and not _share_schema(first, group[0][0], batch, capsules[0]):
                puts += self._put_group(group, said)
                group = []
            if not group:
                first = batch
            group.append(capsules)
        return puts + self._put_group(group, said) if group else puts

    def _put_group(self, group: List[tuple[Any, Any]], facts: bytes | None) -> List[Put]:
        count = len(group)
        schema = pointer_of(group[0][0], b"arrow_schema")
        arrays = (c_void_p * count)(*(pointer_of(array, b"arrow_array").value for _, array in group))
        blocks = ctypes.create_string_buffer(count * BLOCK_BYTES)
        if facts is None:
            call(native.put_arrays, self._open(), schema, arrays, count, blocks)
        else:
            call(native.put_together, self._open(), schema, arrays, count, facts, blocks)
        return puts_of(blocks.raw, count)

    def put_raw_many(self, blobs: Iterable[Any], /, **facts: Unpack[Facts]) -> List[Put]:
        """Puts many pieces of bytes in one call, as ``put_raw`` does each. They become visible together or not at all,
        and have to fit one segment of the store. What else is given is metadata of each."""
        said = facts_json(facts) if facts else None
        with contextlib.ExitStack() as held:
            each = [held.enter_context(bytes_of(blob)) for blob in blobs]
            count = len(each)
            blocks = ctypes.create_string_buffer(max(1, count) * BLOCK_BYTES)
            addresses = (c_void_p * max(1, count))(*(address for address, _ in each))
            lengths = (c_int64 * max(1, count))(*(length for _, length in each))
            call(native.put_raws, self._open(), addresses, lengths, count, said, blocks)
        return puts_of(blocks.raw, count)

    def put_directory(self, files: Mapping[str, CidLike], /, **facts: Unpack[Facts]) -> Put:
        """Puts a directory of files that are here: their CIDs by their paths, with slashes. ``put_raw`` puts the bytes of
        a file. A name or pin of the directory keeps its files."""
        said, block = facts_json(facts) if facts else None, BlockBytes()
        paths = json.dumps({path: str(to_cid(cid)) for path, cid in files.items()}).encode()
        call(native.put_directory, self._open(), paths, said, block)
        return put_of(block.raw)

    def _put_stream(self, stream: c_void_p, facts: bytes | None) -> List[Put]:
        puts: List[Put] = []
        blocks, count = ctypes.create_string_buffer(BATCHES_AT_ONCE * BLOCK_BYTES), c_int64(BATCHES_AT_ONCE)
        while count.value == BATCHES_AT_ONCE:
            call(native.put_stream, self._open(), stream, facts, blocks, BATCHES_AT_ONCE, byref(count))
            puts += puts_of(blocks.raw, count.value)
        return puts

    def put_dataset(self, data: Any, /, *, metadata: Mapping[str, str] | None = None,
                    made_of: Iterable[CidLike] | None = None, **facts: Unpack[Facts]) -> Put:
        """Puts a dataset: batches of one schema in order, under one CID.

        :param data: a stream (``__arrow_c_stream__``: a ``Table``, a reader, a data frame), whose batches are put; or
            the CIDs of batches that the store has.
        :param metadata: what is part of the dataset, and of its CID.
        :param made_of: the datasets that it was made of; part of its CID too.

        What else is given is metadata of the dataset in this store, and of batches that are put: ``name``, ``tags`` and
        so on. Returns the ``Put`` of the dataset.
        """
        said = facts_json(facts) if facts else None
        parts, block = dataset_json(metadata, made_of), BlockBytes()
        capsule = stream_capsule(data)
        if capsule is not None:
            call(native.put_table, self._open(), pointer_of(capsule, b"arrow_array_stream"), parts, said, block)
        else:
            joined, count = packed(data)
            call(native.put_dataset, self._open(), joined, count, parts, said, block)
        return put_of(block.raw)

    def _name(self, name: str, puts: List[Put], facts: Any) -> None:
        if not puts:
            raise InvalidArgument(f"the stream has no batch that '{name}' could name")
        if len(puts) == 1:
            self.set_name(name, puts[0].cid)
        else:
            self.put_dataset([put.cid for put in puts], name=name, **facts)

    def _put_ipc(self, data: Any, facts: bytes | None) -> List[Put]:
        with bytes_of(data) as (address, length):
            capacity = BATCHES_AT_ONCE
            while True:
                blocks, count, error = ctypes.create_string_buffer(capacity * BLOCK_BYTES), c_int64(), CError()
                code = native.put_ipc(self._open(), address, length, facts, blocks, capacity, byref(count),
                                      byref(error))
                if code == 0:
                    return puts_of(blocks.raw, count.value)
                if code != ErrorCode.TOO_LARGE or count.value <= capacity:
                    raise failure(code, error)
                capacity = count.value

    def reserve(self, schema: Any, rows: int, data_bytes: Mapping[str, int] | None = None) -> Reservation:
        """Memory of the store for a batch that is computed in place.

        :param schema: what has ``__arrow_c_schema__``, as ``pyarrow.Schema``; columns of fixed width, booleans, text
            and binary.
        :param rows: how many.
        :param data_bytes: for each column of text or binary the most bytes that its rows have together.
        """
        capsule = schema_capsule(schema)
        return self._with(Reservation(self, pointer_of(capsule, b"arrow_schema"), rows, data_bytes))

    # ------------------------------------------------------------ reading

    def get(self, cid: CidLike) -> Batch | None:
        """Holds a batch where it lies, without a copy. None where it is not here; ``store[cid]`` raises then."""
        known: Any = cid if cid.__class__ is Cid else Cid(cid)
        lease = native.python_get(self._handle.value or self._open(), known)
        return None if lease is None else Batch(known, lease)

    def __getitem__(self, cid: CidLike) -> Batch:
        try:
            batch = self.get(cid)
        except InvalidCid:
            if isinstance(cid, str) and self._named(cid) is not None:
                raise InvalidCid(f"{cid!r} is a name, not a CID: use store[store.resolve({cid!r})], or "
                                 f"store.dataset({cid!r}) where it is a dataset") from None
            raise
        if batch is None:
            raise BlockNotFound(f"no block {to_cid(cid)} in {self.directory}")
        return batch

    def get_many(self, cids: Iterable[CidLike]) -> List[Batch | None]:
        """Holds many batches in one call, as ``get`` holds one; None where one is not here."""
        each = [to_cid(value) for value in cids]
        leases = native.python_get_many(self._open().value, b"".join(each))
        return [None if lease is None else Batch(cid, lease) for cid, lease in zip(each, leases)]

    def files(self, cid: CidLike) -> dict[str, Cid]:
        """The files of a directory by their paths; ``SchemaMismatch`` where the block is another."""
        return {path: Cid(file["cid"]) for path, file in self._files(to_cid(cid)).items()}

    def _files(self, cid: Cid) -> dict[str, Any]:
        return json.loads(text(native.directory_files, self._open(), cid))

    def dataset(self, name_or_cid: CidLike) -> Dataset:
        """A dataset, by its name or CID; ``pyarrow.table(store.dataset("trips"))`` takes it.

        Raises ``NameNotFound`` or ``BlockNotFound`` where it is not here, ``SchemaMismatch`` where it is another block.
        """
        try:
            cid = to_cid(name_or_cid)
        except InvalidCid:
            if not isinstance(name_or_cid, str):
                raise
            named = self._named(name_or_cid[1:] if name_or_cid.startswith("@") else name_or_cid)
            if named is None:
                raise NameNotFound(f"no name {name_or_cid!r} in {self.directory}") from None
            cid = named
        block = self.find(cid)
        if block is None:
            raise BlockNotFound(f"no block {cid} in {self.directory}")
        if block.kind != "dataset":
            raise SchemaMismatch(f"{cid} is not a dataset but a {block.kind}; store[cid] gives a batch")
        return Dataset(self, block)

    def datasets(self, filter: str | None = None) -> Iterator[Block]:
        """The datasets that are here, or those that pass a filter."""
        return self.list("kind = dataset" if filter is None else f"kind = dataset and ({filter})")

    def stream(self, cids: Iterable[CidLike]) -> BatchStream:
        """Batches of one schema as a stream that other libraries take. The CID of a dataset yields its batches."""
        self._open()
        return BatchStream(self, cids)

    def find(self, cid: CidLike) -> Block | None:
        """What is known of a block, without a look at its bytes; None where it is not here."""
        block, error = BlockBytes(), CError()
        code = native.find(self._open(), to_cid(cid), block, byref(error))
        if code == ErrorCode.BLOCK_NOT_FOUND:
            return None
        if code:
            raise failure(code, error)
        return block_of(block.raw)

    def __len__(self) -> int:
        """The number of batches that are here, by going through them."""
        return sum(1 for _ in self.list())

    def __bool__(self) -> bool:
        return True

    def __contains__(self, cid: CidLike) -> bool:
        return self.contains([cid])[0]

    def contains(self, cids: Iterable[CidLike]) -> List[bool]:
        """For each CID whether its block is here, in one call."""
        joined, count = packed(cids)
        found = ctypes.create_string_buffer(max(1, count))
        if count:
            call(native.contains, self._open(), joined, count, found)
        return [byte != 0 for byte in found.raw[:count]]

    def list(self, filter: str | None = None) -> Iterator[Block]:
        """The batches that are here, or the blocks that pass a filter: ``'tag.day = "2026-11-20" and rows > 1000'``."""
        listing = _Listing()
        call(native.list, self._open(), None if filter is None else to_text(filter, "a filter"), byref(listing))
        return self._listed(listing)

    def list_all(self, filter: str | None = None) -> List[Block]:
        """The same as a list, in one call: for up to some thousand blocks the quicker way."""
        said, capacity = None if filter is None else to_text(filter, "a filter"), 512
        while True:
            blocks, count, error = ctypes.create_string_buffer(capacity * BLOCK_BYTES), c_int64(), CError()
            code = native.list_all(self._open(), said, blocks, capacity, byref(count), byref(error))
            if code == 0:
                return blocks_of(memoryview(blocks), count.value)
            if code != ErrorCode.TOO_LARGE or count.value <= capacity:
                raise failure(code, error)
            capacity = count.value + 64

    def _listed(self, listing: _Listing) -> Iterator[Block]:
        size = 256
        blocks, count = ctypes.create_string_buffer(size * BLOCK_BYTES), c_int64()
        try:
            while call(native.list_next, listing, blocks, size, byref(count)) != NOTHING:
                raw = blocks.raw
                for i in range(count.value):
                    yield block_of(raw, i * BLOCK_BYTES)
        finally:
            if self._handle:
                listing.end()

    def describe(self, cid: CidLike) -> dict[str, Any]:
        """A block and its metadata."""
        return json.loads(text(native.describe, self._open(), to_cid(cid)))

    def verify(self, cid: CidLike) -> None:
        """Hashes a stored block again and proves its form; ``BlockNotFound``, ``BlockCorrupt`` or ``NotCanonical``."""
        call(native.verify, self._open(), to_cid(cid))

    # ------------------------------------------------------------ cached functions

    def cached(self, function: Any = None, /, *, ttl: Any = None, version: Any = None, ignore: Iterable[str] = (),
               if_: Any = None, name: str | None = None, env: Iterable[str] = (), form: str | None = None) -> Any:
        """A decorator: the results of a function or coroutine are kept in the store, for every process and language.

        ::

            @store.cached(ttl="7d", version=2, ignore=["verbose"], if_=lambda table: table.num_rows > 0)
            def features(day: str, trades: arrowcid.Batch, verbose: bool = False) -> pyarrow.Table: ...

        The key is the function's name, its version and its arguments by name, defaults included. Numbers, text, bytes,
        dates, lists and dicts count by value; batches, tables, data frames, arrays and paths by their contents. What is
        no data is refused, and the error names the argument. Code is not in the key: change ``version`` with it.
        Processes that miss together compute once.

        :param ttl: how long a result is kept: ``"7d"``, a timedelta or seconds; 30 days unless set.
        :param version: the version of the function; results of others are not found.
        :param ignore: arguments that are not in the key, such as ``self`` and ``verbose``.
        :param if_: whether a result is kept.
        :param name: the name in the key; else the function's module and qualified name.
        :param env: variables of the environment on which the result depends.
        :param form: what results are read as, where another language computed them: ``table``, ``pandas``, ``tensor``.

        The decorated function has ``info()``, ``invalidate(day="2026-11-20")``, ``count()``, ``key(...)`` and
        ``function``. What it returns on a hit is over the store's memory and read-only where that can be.
        """
        from ._memo import cached

        options = {"ttl": ttl, "version": version, "ignore": ignore, "if_": if_, "name": name, "env": env, "form": form}
        if function is not None:
            return cached(self, function, **options)
        return lambda decorated: cached(self, decorated, **options)

    # ------------------------------------------------------------ names and facts

    def set_name(self, name: str, cid: CidLike, *, expected: CidLike | None | _Any = ANY) -> None:
        """Makes a name point to a block. With ``expected`` only if it points to that one, or with None only where
        there is no such name: else ``NameConflict``."""
        self._swap(name, to_cid(cid), expected)

    def remove_name(self, name: str, *, expected: CidLike | _Any = ANY) -> None:
        """Takes a name away; ``NameNotFound`` where there is none."""
        self._swap(name, None, expected)

    def _swap(self, name: str, cid: Cid | None, expected: Any) -> None:
        checks = expected is not ANY
        before = to_cid(expected) if checks and expected is not None else None
        call(native.set_name, self._open(), to_text(name, "a name"), cid, before, int(checks))

    def resolve(self, name: str) -> Cid | None:
        """The block that a name points to; None if there is no such name."""
        out, error = ctypes.create_string_buffer(CID_BYTES), CError()
        code = native.resolve_name(self._open(), to_text(name, "a name"), out, byref(error))
        if code == ErrorCode.NAME_NOT_FOUND:
            return None
        if code:
            raise failure(code, error)
        return cid_of(out.raw)

    def names(self) -> List[Name]:
        """Every name with the block that it points to, in order."""
        listing, names = _Listing(), (CName * 64)()
        found, count = [], c_int64()
        call(native.names, self._open(), byref(listing))
        try:
            while call(native.names_next, listing, names, len(names), byref(count)) != NOTHING:
                found += [name_of(names[i]) for i in range(count.value)]
        finally:
            listing.end()
        return found

    def _named(self, name: str) -> Cid | None:
        """What a text names, which may be no name at all."""
        try:
            return self.resolve(name)
        except (ArrowCidError, ValueError):
            return None

    def annotate(self, cid: CidLike, /, **facts: Unpack[Facts]) -> None:
        """Says something of a block, as ``put`` does."""
        call(native.annotate, self._open(), to_cid(cid), facts_json(facts))

    def annotate_many(self, cids: Iterable[CidLike] | Mapping[CidLike, Facts], /, **facts: Unpack[Facts]) -> int:
        """Says something of many blocks in one call: the same of each CID, or of each what a mapping has for it.
        Some hundred are written as one record, whole or not at all; where one record fails, those before it stay.
        There is no ``name`` or ``pin``. Returns the number of blocks."""
        if isinstance(cids, Mapping):
            if facts:
                raise TypeError("facts come with the mapping, or for all CIDs alike, not both")
            each = [facts_json(said) for said in cids.values()]
        else:
            each = [facts_json(facts)]
        joined, count = packed(cids)
        said, annotated = (ctypes.c_char_p * max(1, len(each)))(*each), c_int64()
        if count:
            call(native.annotate_many, self._open(), joined, count, said, len(each), byref(annotated))
        return annotated.value

    def tag_many(self, cids: Iterable[CidLike], tags: Mapping[str, str]) -> int:
        """Sets tags of many blocks, as ``annotate_many`` does."""
        return self.annotate_many(list(cids), tags=tags)

    def touch(self, cids: Iterable[CidLike], expires: Any) -> None:
        """Sets when blocks expire, in one call: a datetime with a time zone, from now on a timedelta or a number of
        seconds, or None for never."""
        joined, count = packed(cids)
        if count:
            call(native.touch, self._open(), joined, count, -1 if expires is None else expiry_ms(expires))

    def sign(self, cid: CidLike, key: SigningKey, says: Mapping[str, str] | None = None) -> Cid:
        """Signs a statement about a block that is here, with words of your choice, and gives the statement's CID."""
        out = ctypes.create_string_buffer(CID_BYTES)
        call(native.sign, self._open(), key._handle, to_cid(cid), says_json(says), out)
        return cid_of(out.raw)

    def sign_name(self, name: str, cid: CidLike, key: SigningKey, says: Mapping[str, str] | None = None) -> Cid:
        """Makes a name point to a block and signs that, as one step. The statement follows the last one about the
        name, so that a return to an earlier block without a signature shows."""
        out = ctypes.create_string_buffer(CID_BYTES)
        call(native.sign_name, self._open(), key._handle, to_text(name, "a name"), to_cid(cid), says_json(says), out)
        return cid_of(out.raw)

    def statements(self, cid: CidLike, key: SigningKey | None = None) -> List[Statement]:
        """The signed statements about a block, each verified, oldest first.

        :param key: the shared secret, for statements made with it.
        """
        handle = 0 if key is None else key._handle
        return [statement_of(each) for each in json.loads(text(native.statements, self._open(), to_cid(cid), handle))]

    def pin(self, cid: CidLike) -> None:
        """Keeps a block from being removed."""
        call(native.pin, self._open(), to_cid(cid))

    def unpin(self, cid: CidLike) -> None:
        """Takes the pin away. Nothing happens where there is none."""
        call(native.unpin, self._open(), to_cid(cid))

    def remove(self, cids: Iterable[CidLike], *, force: bool = False) -> int:
        """Removes blocks and says how many went. What a name, a pin or another block needs stays, and without
        ``force`` what a place is still to get. What went is listed no more; its bytes go when the store is cleaned up,
        and may be got until then."""
        joined, count = packed(cids)
        removed = c_int64()
        if count:
            remove = native.remove_forced if force else native.remove
            call(remove, self._open(), joined, count, byref(removed))
        return removed.value

    def remove_where(self, filter: str, *, dry_run: bool = False) -> Removal:
        """Removes the blocks that pass a filter, in one call, and says how many went and how many stay because a name, a
        pin or another block needs them. With ``dry_run`` nothing is removed."""
        out = CRemoval()
        call(native.remove_where, self._open(), to_text(filter, "a filter"), int(bool(dry_run)), byref(out))
        return Removal(out.removed, out.kept, out.length)

    # ------------------------------------------------------------ watching

    def sync(self, peer: str | os.PathLike[str] | Store, *, direction: str = "both", where: str | None = None,
             cids: Iterable[CidLike] | None = None, as_: str | None = None, with_pins: bool = False,
             resurrect: bool = False, merge_names: bool = False, max_bytes: int | None = None, rate: int | None = None,
             full: bool = False, dry_run: bool = False) -> SyncReport:
        """Brings this store and another side in step: blocks, facts and names, with little more data than they take. Each
        block is hashed before it is stored. What was moved stays where the call ends early: call again. It runs the command
        ``arrowcid``, from the PATH or as ``ARROWCID_COMMAND`` says.

        ::

            report = store.sync("https://b.example:8816?token-file=token", where='tag.day = "2026-11-20"', dry_run=True)

        :param peer: another store's directory or the store itself; a server: ``http://HOST:PORT``, ``https://...``,
            ``grpc://...``, ``unix:PATH``, with ``?token-file=FILE``; a backup or a CAR.
        :param direction: ``both``, ``pull`` (to this store) or ``push``.
        :param where: a filter, which each side applies to its own facts. What a block needs comes with it.
        :param cids: the only blocks, with what they need.
        :param as_: a prefix under which names of the other side come.
        :param with_pins: pins too.
        :param resurrect: blocks too that were removed on one side.
        :param merge_names: changes of names that both sides changed go both ways.
        :param max_bytes: the most bytes of blocks each way.
        :param rate: the most bytes of blocks per second.
        :param full: a comparison of everything, rather than of what came since the last sync.
        :param dry_run: only a report.
        """
        return sync(self, peer, options_of(direction, where, as_, with_pins, resurrect, merge_names, max_bytes, rate, full,
                                           dry_run), cids)

    def watch(self, from_: str | None = None, *, timeout: float | None = None) -> Watch:
        """Hears of every put of a batch, by any process: an iterator and an asynchronous one.

        :param from_: None or ``now``; ``oldest``, all that is here first; or the ``cursor`` of an earlier watch.
        :param timeout: the watch ends after this many seconds without an event; None: never.
        """
        return self._with(Watch(self, None if from_ is None else to_text(from_, "a cursor"), timeout))

    def watch_names(self, pattern: str = "*", from_: str | None = None, *, timeout: float | None = None) -> Watch:
        """Hears of every change of the names that match a pattern, by any process.

        :param pattern: a name, in which ``*`` is any characters and ``?`` one.
        :param from_: as for ``watch``.
        :param timeout: as for ``watch``.
        """
        cursor = None if from_ is None else to_text(from_, "a cursor")
        return self._with(Watch(self, cursor, timeout, to_text(pattern, "a pattern")))

    def _with(self, dependent: _Dependent) -> _Dependent:
        """Keeps in mind what closes with the store."""
        self._dependents = [each for each in self._dependents if each() is not None]
        self._dependents.append(weakref.ref(dependent))
        return dependent

    def _open(self) -> _StoreHandle:
        if not self._handle:
            raise InvalidArgument("the store is closed")
        return self._handle


class _Listing(Handle):
    __slots__ = ()
    _end = "list_close"


def _reopen(directory: bytes, options: bytes) -> Store:
    return Store(directory, COptions.from_buffer_copy(options))


def _batch_of(columns: dict[str, Any]) -> Any:
    """Columns as pyarrow makes a batch of them."""
    try:
        import pyarrow
    except ImportError:
        raise TypeError("a dict of columns is put by pyarrow, which is not installed") from None
    return pyarrow.record_batch(columns)


def _share_schema(first: Any, first_capsule: Any, batch: Any, capsule: Any) -> bool:
    """Whether two batches have one schema; pyarrow says it faster than the structs do."""
    left: Any = getattr(first, "schema", None)
    right: Any = getattr(batch, "schema", None)
    if left is not None and type(left) is type(right) and type(left).__module__ == "pyarrow.lib":
        return left.equals(right, check_metadata=True)
    return is_same_schema(*(ArrowSchema.from_address(pointer_of(each, b"arrow_schema").value or 0)
                            for each in (first_capsule, capsule)))
