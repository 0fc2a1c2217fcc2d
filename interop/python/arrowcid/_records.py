"""What is said of blocks: by the library, and by those who put them."""
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
"""Room for what the library says of one block: its ``raw`` is faster read than the fields of a struct."""

_NUMBERS = struct.Struct("=qqqii")  # from rows on
_KINDS = ("unknown", "batch", "schema", "raw", "view")


class Put(NamedTuple):
    """What came of a put."""

    cid: Cid
    schema_cid: Cid | None
    """The CID of the schema; None where the bytes are no batch."""
    rows: int
    length: int
    """The block's bytes."""
    is_new: bool
    """Whether the store did not have it."""


class Block(NamedTuple):
    """A block that a store has."""

    cid: Cid
    schema_cid: Cid | None
    rows: int
    length: int
    """Its bytes."""
    kind: str
    """``batch``, ``schema``, ``raw`` or ``view``."""
    time_ns: int
    """When it was first put, in nanoseconds since 1970; 0 where that is not known."""

    @property
    def time(self) -> datetime.datetime:
        """When it was first put, in UTC, to the microsecond."""
        start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return start + datetime.timedelta(microseconds=self.time_ns // 1000)


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
    """A name that stands for it from then on, whatever it stood for; for one batch alone."""


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
        if facts["expires"].tzinfo is None:
            raise ValueError("expires has no time zone: datetime.now(timezone.utc) + timedelta(days=7)")
        facts["expires"] = facts["expires"].astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    if "locations" in facts:
        facts["locations"] = [str(location) for location in facts["locations"]]
    return json.dumps(facts, allow_nan=False).encode()


def put_of(raw: bytes, at: int = 0) -> Put:
    """What the library says of a put, from its struct's bytes."""
    rows, length, _, _, is_new = _NUMBERS.unpack_from(raw, at + CBlock.rows.offset)
    return Put(cid_of(raw[at:at + CID_BYTES]), _schema_cid(raw, at), rows, length, is_new != 0)


def puts_of(raw: bytes, count: int) -> list[Put]:
    """The same of several."""
    return [put_of(raw, i * BLOCK_BYTES) for i in range(count)]


def block_of(raw: bytes, at: int = 0) -> Block:
    """What the library says of a stored block, from its struct's bytes."""
    rows, length, time_ns, kind, _ = _NUMBERS.unpack_from(raw, at + CBlock.rows.offset)
    name = _KINDS[kind] if 0 <= kind < len(_KINDS) else _KINDS[0]
    return Block(cid_of(raw[at:at + CID_BYTES]), _schema_cid(raw, at), rows, length, name, time_ns)


def _schema_cid(raw: bytes, at: int) -> Cid | None:
    schema = raw[at + CID_BYTES:at + 2 * CID_BYTES]
    return cid_of(schema) if schema[0] else None
