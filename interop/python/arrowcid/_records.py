"""Records of blocks, and their metadata."""
from __future__ import annotations

import ctypes
import datetime
import json
import struct
from typing import TYPE_CHECKING, Any, Iterable, Mapping, NamedTuple, TypedDict, Union

from ._cid import Cid, cid_of, to_cid
from ._library import CID_BYTES, CBlock

if TYPE_CHECKING:
    CidLike = Union[Cid, str, bytes]

BLOCK_BYTES = ctypes.sizeof(CBlock)
BlockBytes = ctypes.c_char * BLOCK_BYTES
"""Memory for the library's record of one block: its ``raw`` is faster read than the fields of a struct."""

_NUMBERS = struct.Struct("=qqqihh")  # from rows on
_KINDS = ("unknown", "batch", "schema", "raw", "view", "dataset", "manifest", "node")


class Put(NamedTuple):
    """The result of a put."""

    cid: Cid
    schema_cid: Cid | None
    """The CID of the schema; None where the bytes are no batch."""
    rows: int
    length: int
    """The block's bytes."""
    is_new: bool
    """Whether the store did not have it."""
    is_repaired: bool = False
    """Whether the store had it with damaged bytes, which the put replaced."""


class Block(NamedTuple):
    """A block that a store has."""

    cid: Cid
    schema_cid: Cid | None
    rows: int
    length: int
    """Its bytes."""
    kind: str
    """``batch``, ``schema``, ``raw``, ``view``, ``dataset``, ``manifest`` or ``node``."""
    time_ns: int
    """When it was first put, in nanoseconds since 1970; 0 where that is not known."""

    @property
    def time(self) -> datetime.datetime:
        """When it was first put, in UTC, to the microsecond."""
        start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return start + datetime.timedelta(microseconds=self.time_ns // 1000)


class Removal(NamedTuple):
    """What a removal by filter did, or would do."""

    removed: int
    """The number of blocks that went."""
    kept: int
    """The number that passed the filter and stay: a name, a pin or another block needs them."""
    length: int
    """The bytes of those that went."""


class Name(NamedTuple):
    """A name, and the block that it points to."""

    name: str
    cid: Cid
    kind: str
    """The kind of the block, as in ``Block``; ``unknown`` where the block is not here."""
    time_ns: int
    """When the name was last changed, in nanoseconds since 1970."""


class Facts(TypedDict, total=False):
    """What can be said of a block beside its bytes."""

    tags: Mapping[str, str]
    producer: str
    """Who or what made it."""
    parents: Iterable[CidLike]
    """The blocks that it was made of."""
    data: Any
    """Whatever ``json.dumps`` takes; filters reach it as ``json.PATH``."""
    expires: datetime.datetime
    """When it is no longer needed."""
    locations: Iterable[str]
    """Where else it is to be had, as URLs."""
    pin: bool
    """It is not removed."""
    name: str
    """A name for the batch, or for a dataset of several batches; it moves where it exists."""


def expiry_text(expires: Any) -> str:
    """The moment at which a block expires, as RFC 3339 writes it."""
    return expiry_of(expires).isoformat().replace("+00:00", "Z")


def expiry_ms(expires: Any) -> int:
    """The same in milliseconds since 1970."""
    return (expiry_of(expires) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(
        milliseconds=1)


def expiry_of(expires: Any) -> datetime.datetime:
    """The moment at which a block expires: a datetime with a time zone, or from now on a timedelta or a number of
    seconds."""
    if isinstance(expires, (int, float)) and not isinstance(expires, bool):
        expires = datetime.timedelta(seconds=expires)
    if isinstance(expires, datetime.timedelta):
        expires = datetime.datetime.now(datetime.timezone.utc) + expires
    if not isinstance(expires, datetime.datetime):
        raise TypeError("expires is a datetime with a time zone, a timedelta from now, or a number of seconds from "
                        f"now, not {type(expires).__name__}")
    if expires.tzinfo is None:
        raise ValueError("expires has no time zone: datetime.now(timezone.utc) + timedelta(days=7)")
    return expires.astimezone(datetime.timezone.utc)


def facts_json(said: Mapping[str, Any]) -> bytes:
    """Facts as the library reads them."""
    facts = {key: value for key, value in said.items() if value is not None}
    unknown = facts.keys() - Facts.__annotations__.keys()
    if unknown:
        raise TypeError(f"nothing can be said by {', '.join(sorted(unknown))}; facts are "
                        f"{', '.join(Facts.__annotations__)}")
    if "tags" in facts:
        facts["tags"] = {str(key): str(value) for key, value in facts["tags"].items()}
    if "parents" in facts:
        if isinstance(facts["parents"], (str, bytes)):
            raise TypeError("parents are several CIDs: put the one into a list")
        facts["parents"] = [str(to_cid(parent)) for parent in facts["parents"]]
    if "expires" in facts:
        facts["expires"] = expiry_text(facts["expires"])
    if "locations" in facts:
        facts["locations"] = [str(location) for location in facts["locations"]]
    return json.dumps(facts, allow_nan=False).encode()


def put_of(raw: bytes, at: int = 0) -> Put:
    """The result of a put, from its struct's bytes."""
    rows, length, _, _, is_new, is_repaired = _NUMBERS.unpack_from(raw, at + CBlock.rows.offset)
    return Put(cid_of(raw[at:at + CID_BYTES]), _schema_cid(raw, at), rows, length, is_new != 0, is_repaired != 0)


def puts_of(raw: bytes, count: int) -> list[Put]:
    """The same of several."""
    return [put_of(raw, i * BLOCK_BYTES) for i in range(count)]


def block_of(raw: bytes, at: int = 0) -> Block:
    """A stored block, from its struct's bytes."""
    rows, length, time_ns, kind, _, _ = _NUMBERS.unpack_from(raw, at + CBlock.rows.offset)
    name = _KINDS[kind] if 0 <= kind < len(_KINDS) else _KINDS[0]
    return Block(cid_of(raw[at:at + CID_BYTES]), _schema_cid(raw, at), rows, length, name, time_ns)


_BLOCKS = struct.Struct(f"={CID_BYTES}s{CID_BYTES}sqqqihh")


def blocks_of(raw: Any, count: int) -> list[Block]:
    """Stored blocks in a row, from their structs' bytes: a third of the time of each by itself."""
    made: Any = tuple.__new__
    make: Any = bytes.__new__
    known = dict(enumerate(_KINDS))
    return [made(Block, (make(Cid, cid), make(Cid, schema) if schema[0] else None, rows, length,
                         known.get(kind, _KINDS[0]), time_ns))
            for cid, schema, rows, length, time_ns, kind, _, _ in _BLOCKS.iter_unpack(raw[:count * BLOCK_BYTES])]


def name_of(raw: Any) -> Name:
    """A name from its struct."""
    kind = _KINDS[raw.kind] if 0 <= raw.kind < len(_KINDS) else _KINDS[0]
    return Name(raw.name.decode(), cid_of(bytes(raw.cid)), kind, raw.time_ns)


def dataset_json(metadata: Mapping[str, str] | None, made_of: Iterable[CidLike] | None) -> bytes | None:
    """What is part of a dataset beside its batches, as the library reads it."""
    if isinstance(made_of, (str, bytes)):
        raise TypeError("made_of is several CIDs: put the one into a list")
    parts: dict[str, Any] = {}
    if metadata:
        parts["metadata"] = {str(key): str(value) for key, value in metadata.items()}
    if made_of:
        parts["parents"] = [str(to_cid(parent)) for parent in made_of]
    return json.dumps(parts).encode() if parts else None


def _schema_cid(raw: bytes, at: int) -> Cid | None:
    schema = raw[at + CID_BYTES:at + 2 * CID_BYTES]
    return cid_of(schema) if schema[0] else None
