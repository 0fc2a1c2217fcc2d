"""ArrowCid: every Arrow record batch has a content address, and every process reads it without a copy.

::

    import arrowcid, pyarrow as pa

    store = arrowcid.open("/dev/shm/quotes")
    put = store.put(pa.record_batch({"px": [101.5, 101.75], "qty": [100, 20]}))
    batch = store[put.cid]                   # in any process; nothing is copied
    batch.numpy("px"), batch.to_pyarrow()

It needs the standard library and ``libarrowcid``; pyarrow and numpy are imported where they are asked for.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._batch import Batch, BatchStream
from ._cid import Cid
from ._dataset import Dataset
from ._errors import (
    AccessDenied, ArrowCidError, BlockCorrupt, BlockNotFound, Busy, ErrorCode, Forked, InvalidArgument, InvalidCid,
    InvalidData, NameConflict, NameNotFound, NotCanonical, SchemaMismatch, StoreFull, StoreGone)
from ._library import native as _native
from ._memo import Cached, CacheInfo
from ._pool import Pool, pool
from ._proofs import check, cid
from ._records import Block, Facts, Name, Put, Removal
from ._reservation import Reservation
from ._signing import SigningKey, Statement
from ._store import ANY, Store, open
from ._sync import SyncConflict, SyncItem, SyncReport
from ._values import register
from ._watch import Gap, StoreEvent, Watch

if TYPE_CHECKING:
    from arrowcid_flight import Client

__version__ = "0.1.0"

__all__ = [
    "ANY", "AccessDenied", "ArrowCidError", "Batch", "BatchStream", "Block", "BlockCorrupt",
    "BlockNotFound", "Busy", "CacheInfo", "Cached", "Cid", "Dataset", "ErrorCode", "Facts", "Forked", "Gap", "InvalidArgument",
    "InvalidCid", "InvalidData", "Name", "NameConflict", "NameNotFound", "NotCanonical", "Pool", "Put", "Removal", "Reservation",
    "SchemaMismatch", "SigningKey", "Statement", "Store", "StoreEvent", "StoreFull", "StoreGone",
    "SyncConflict", "SyncItem", "SyncReport", "Watch", "check", "cid", "connect",
    "hash_path", "library_path", "library_version", "open", "pool", "register", "sync",
]


def connect(address: str, token: str | None = None, **options: Any) -> Client:
    """Connects to ``arrowcid serve`` at ``grpc://HOST:PORT`` or ``grpc+tls://HOST:PORT``: a client to get, put, list and
    watch batches of a store on any machine. Batches of a store on this machine are read in place (``client.is_local``).
    It needs pyarrow; options and methods are those of ``arrowcid_flight.connect``."""
    import arrowcid_flight
    return arrowcid_flight.connect(address, token, **options)


def sync(one: Any, other: Any, **options: Any) -> SyncReport:
    """Brings two stores in step: the store at a directory, and another directory or a server. Options and report are those
    of ``Store.sync``."""
    if isinstance(one, Store):
        return one.sync(other, **options)
    with open(one) as store:
        return store.sync(other, **options)


def library_version() -> str:
    """The version of ``libarrowcid``."""
    return _native.version().decode()


def library_path() -> str:
    """Where ``libarrowcid`` was found."""
    return _native.path


def hash_path() -> str:
    """How many messages are hashed at once here: ``avx512-16``, or one by one with ``sha-ni``, ``sha2``, ``serial``."""
    return _native.hash_path().decode()
