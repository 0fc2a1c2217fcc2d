"""Calls: the blocks of dag-cbor that are keys of cached results (``src/ArrowCid/Store/Memos/CALLS.md``).

Nothing here asks the library: the same arguments give the same key in every language.
"""
from __future__ import annotations

import datetime
import enum
import hashlib
import math
import os
import struct
import uuid
from typing import Any, Callable, Mapping

from ._errors import InvalidArgument

MAX_BYTES = 1 << 20
MAX_NAME_BYTES = 1024
_MAX_WHOLE = (1 << 53) - 1
_MAX_DEPTH = 32
_float = struct.Struct(">d")
# What stands in front of the arguments of every call, with the version and the kind; the keys of a map are sorted by
# their lengths first: v, fn, env, kind, inputs, params, version.
_HEAD = b"\xa7\x61v\x01\x62fn"
_KIND = b"\x64kind\x6darrowcid/call"


def _number(major: int, value: int) -> bytes:
    if value < 24:
        return bytes((major | value,))
    if value < 1 << 8:
        return bytes((major | 24, value))
    if value < 1 << 16:
        return bytes((major | 25,)) + value.to_bytes(2, "big")
    if value < 1 << 32:
        return bytes((major | 26,)) + value.to_bytes(4, "big")
    return bytes((major | 27,)) + value.to_bytes(8, "big")


def _refuse(name: str, why: str) -> InvalidArgument:
    return InvalidArgument(f"the argument '{name}' {why}")


def _text(name: str, value: str) -> bytes:
    try:
        utf8 = value.encode()
    except UnicodeEncodeError:
        raise _refuse(name, "is a text with half a surrogate pair") from None
    return _number(0x60, len(utf8)) + utf8


def _name(what: str, value: str) -> bytes:
    try:
        utf8 = value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{what} that is not Unicode is not allowed in a call") from None
    if not 1 <= len(utf8) <= MAX_NAME_BYTES:
        raise InvalidArgument(f"{what} has 1 to {MAX_NAME_BYTES} bytes, not {len(utf8)}")
    return utf8


def _map(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """A map of encoded values by their keys in UTF-8."""
    pairs.sort(key=_order)
    return _number(0xa0, len(pairs)) + b"".join(_number(0x60, len(key)) + key + value for key, value in pairs)


def _order(pair: tuple[bytes, bytes]) -> tuple[int, bytes]:
    return len(pair[0]), pair[0]


def _clock(time: datetime.datetime) -> str:
    if time.tzinfo is not None:
        time = time.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return _clock(time) + "Z"
    shown = time.isoformat(timespec="microseconds")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def encode(name: str, value: Any, depth: int = 0) -> bytes:
    """A value in the form of a call. ``InvalidArgument`` names the argument where it is no data."""
    if depth > _MAX_DEPTH:
        raise _refuse(name, f"is nested over {_MAX_DEPTH} levels deep")
    kind = value.__class__
    if kind is str:
        return _text(name, value)
    if kind is bool:
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if kind is int:
        if 0 <= value < 1 << 64:
            return _number(0, value)
        if -(1 << 64) <= value < 0:
            return _number(0x20, -1 - value)
        raise _refuse(name, "is an integer that does not fit 64 bits")
    if kind is float:
        if not math.isfinite(value):
            raise _refuse(name, "is not a finite number")
        if value.is_integer() and abs(value) <= _MAX_WHOLE:
            return encode(name, int(value))
        return b"\xfb" + _float.pack(value)
    if isinstance(value, (bytes, bytearray, memoryview)) and not hasattr(value, "codec"):
        data = bytes(value)
        return _number(0x40, len(data)) + data
    if isinstance(value, (list, tuple)):
        return _number(0x80, len(value)) + b"".join([encode(name, item, depth + 1) for item in value])
    if isinstance(value, Mapping):
        pairs = []
        for key, item in value.items():
            if not isinstance(key, str):
                raise _refuse(name, f"has a key that is of {type(key).__name__}, and not a text")
            try:
                utf8 = key.encode()
            except UnicodeEncodeError:
                raise _refuse(name, "has a key that is not Unicode") from None
            pairs.append((utf8, encode(name, item, depth + 1)))
        return _map(pairs)
    if isinstance(value, datetime.datetime):
        return _text(name, _clock(value))
    if isinstance(value, datetime.date):
        return _text(name, value.isoformat())
    if isinstance(value, uuid.UUID):
        return _text(name, str(value))
    if isinstance(value, enum.Enum):
        return encode(name, value.value, depth + 1)
    for plain in (str, int, float):
        if isinstance(value, plain):
            return encode(name, plain(value), depth)
    if kind.__module__ == "numpy" and getattr(value, "shape", None) == () and hasattr(value, "item"):
        return encode(name, value.item(), depth + 1)
    if input_of(value) is not None:
        raise _refuse(name, "holds a block within a list or dict; give it as an argument of its own")
    raise _refuse(name, f"is of {kind.__module__}.{kind.__qualname__}, which is no data: register a handler for the "
                        "type, leave it out with ignore=, or pass a CID")


_inputs: list[tuple[Callable[[Any], bool], Callable[[Any], bytes]]] = []


def input_of(value: Any) -> bytes | None:
    """The CID of an argument that is a block; None where it is a value."""
    for matches, cid in _inputs:
        if matches(value):
            return cid(value)
    return None


def call_block(function: str, version: str = "", arguments: Mapping[str, Any] | None = None,
               environment: Mapping[str, str | None] | None = None) -> bytes:
    """The block of a call: its SHA-256 is in the key."""
    params: list[tuple[bytes, bytes]] = []
    inputs: list[tuple[bytes, bytes]] = []
    for name, value in (arguments or {}).items():
        utf8 = _name("the name of an argument", name)
        cid = None if value.__class__ in _PLAIN else input_of(value)
        if cid is None:
            params.append((utf8, encode(name, value)))
        else:
            inputs.append((utf8, _number(0x40, len(cid)) + cid))
    env = [(_name("the name of a variable", name), b"\xf6" if value is None else _text(name, value))
           for name, value in (environment or {}).items()]
    fn, of_version = _name("the name of a function", function), b""
    if version:
        of_version = _name("the version of a function", version)
    block = b"".join((
        _HEAD, _number(0x60, len(fn)), fn, b"\x63env", _map(env), _KIND, b"\x66inputs", _map(inputs), b"\x66params",
        _map(params), b"\x67version", _number(0x60, len(of_version)), of_version))
    if len(block) > MAX_BYTES:
        raise InvalidArgument(f"the arguments of '{function}' take {len(block)} bytes, over {MAX_BYTES}; pass large "
                              "ones as blocks")
    return block


_PLAIN = frozenset((str, int, float, bool, type(None), list, tuple, dict))


def key_of(block: bytes) -> bytes:
    """The binary CID of a block of dag-cbor."""
    return b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()


def file_cid(path: Any) -> bytes:
    """The CID of a file's bytes as one raw block, or of a directory as ``arrowcid hash --as files`` gives it."""
    if not os.path.isdir(path):
        return b"\x01\x55\x12\x20" + _hash_file(path)
    files = []
    for folder, _, names in os.walk(path):
        for each in names:
            whole = os.path.join(folder, each)
            shown = os.path.relpath(whole, path).replace(os.sep, "/").encode()
            files.append((shown, b"\xd8\x2a\x58\x25\x00\x01\x55\x12\x20" + _hash_file(whole)))
    node = b"\xa3\x61v\x01\x64kind\x6earrowcid/files\x65files" + _map(files)
    return key_of(node)


def _hash_file(path: Any) -> bytes:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.digest()
