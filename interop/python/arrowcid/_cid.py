"""The address of a block."""
from __future__ import annotations

import base64
import ctypes
from typing import Any, Union

from ._errors import InvalidCid
from ._library import CID_BYTES, call, native, to_text


class Cid(bytes):
    """A content address: CIDv1 with a SHA-256, of codec ``raw`` (batches: ``bafkrei…``), ``dag-cbor`` (datasets:
    ``bafyrei…``) or another codec below 128. It is its 36 bytes; ``str(cid)`` is the usual text.

    ``Cid(...)`` takes another one, its text in any multibase, or its 36 bytes. It is equal to another ``Cid`` and to
    its own canonical text (``cid == "bafkrei…"``), and has the hash of that text, so that either finds it in a dict or
    set. It is not equal to plain bytes; compare ``bytes(cid)``. It sorts as its bytes do and can be sent to other
    processes.
    """

    __slots__ = ()

    def __new__(cls, value: Union["Cid", str, bytes, bytearray, memoryview]) -> "Cid":
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            out = ctypes.create_string_buffer(CID_BYTES)
            call(native.cid_parse, to_text(value, "a CID"), out)
            return bytes.__new__(cls, out.raw)
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"a CID is a Cid, a str or {CID_BYTES} bytes, not {type(value).__name__}")
        made = bytes.__new__(cls, value)
        if len(made) != CID_BYTES or made[0] != 1:
            raise InvalidCid(f"a binary CID here is {CID_BYTES} bytes from 01 on, not {len(made)} bytes")
        return made

    def __str__(self) -> str:
        out = ctypes.create_string_buffer(64)
        call(native.cid_format, bytes(self), out)
        return out.value.decode()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Cid):
            return bytes.__eq__(self, other)
        return isinstance(other, str) and other == _canonical(self)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(_canonical(self))

    def __repr__(self) -> str:
        return f"Cid('{self}')"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __reduce__(self) -> Any:
        return Cid, (bytes(self),)

    @property
    def codec(self) -> int:
        """The codec's number: 0x55 is ``raw``, 0x71 ``dag-cbor``, 0x70 ``dag-pb``."""
        return self[1]

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the block: the last 32 bytes."""
        return bytes(self[4:])


def _canonical(cid: bytes) -> str:
    """The text of ``str(cid)``: lower-case base32 without padding."""
    return "b" + base64.b32encode(bytes(cid)).decode("ascii").rstrip("=").lower()


def cid_of(raw: Any) -> Cid:
    """A CID that the library wrote, from its bytes."""
    return bytes.__new__(Cid, raw)


def to_cid(value: Any) -> Cid:
    """What a caller gave as a CID."""
    return value if value.__class__ is Cid else Cid(value)


def packed(cids: Any) -> tuple[bytes, int]:
    """Several CIDs in a row, and how many."""
    if isinstance(cids, (str, bytes)):
        raise TypeError("one CID where several are expected: put it into a list")
    each = [to_cid(value) for value in cids]
    return b"".join(each), len(each)
