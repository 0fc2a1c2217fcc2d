"""Keys that sign, and signed statements about blocks."""
from __future__ import annotations

import json
import os
from base64 import b64decode
from ctypes import byref
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Union

from ._cid import Cid
from ._library import Handle, call, native, text

if TYPE_CHECKING:
    Path = Union[str, "os.PathLike[str]"]


class _KeyHandle(Handle):
    __slots__ = ()
    _end = "key_close"


class SigningKey:
    """A secret key in a file of mode 0600: of P-256, whose signatures anybody can verify, or a secret for HMAC, which
    signer and verifier share. ``SigningKey.create`` makes a file, ``SigningKey(path)`` reads one; it is refused where
    other users have access to it (``AccessDenied``)."""

    def __init__(self, path: Path) -> None:
        self._handle = _KeyHandle()
        call(native.key_open, os.fsencode(path), byref(self._handle))

    @classmethod
    def create(cls, path: Path, *, shared: bool = False) -> SigningKey:
        """Makes a new key in a new file.

        :param shared: a secret for HMAC, for one machine; else a key of P-256.
        """
        key = cls.__new__(cls)
        key._handle = _KeyHandle()
        call(native.key_create, os.fsencode(path), int(shared), byref(key._handle))
        return key

    @property
    def id(self) -> str:
        """What statements call the key: of P-256 the whole public key, ``p256:...``."""
        return text(native.key_id, self._handle)

    def close(self) -> None:
        """Ends the use of the key. Again: nothing."""
        self._handle.end()

    def __enter__(self) -> SigningKey:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<SigningKey {self.id}>" if self._handle.value else "<SigningKey, closed>"


class Statement(NamedTuple):
    """A signed statement about a block, verified. Nothing of it is proved unless ``holds``."""

    cid: Cid
    """The CID of the statement's block."""
    signature: Cid
    """The CID of the signature's block."""
    state: str
    """``holds``, ``broken``, ``noKey`` (the shared secret was not given) or ``missing`` (a block is not stored)."""
    fault: str | None
    """Why it does not hold; else None."""
    key: str | None
    """The id of the key; None where the statement cannot be read, as of what follows."""
    time: str | None
    """When the signer made it, in UTC."""
    name: str | None
    """The name that was made to point to the block."""
    previous: Cid | None
    """The statement about that name before."""
    says: Mapping[str, str]
    """The words of the signer."""
    block: bytes
    """The bytes of the statement: what is signed. Empty where a block is not stored, as is what follows."""
    cose: bytes
    """The bytes of the signature: a COSE_Sign1 or COSE_Mac0."""

    @property
    def holds(self) -> bool:
        """Whether the signature holds."""
        return self.state == "holds"


def statement_of(found: dict[str, Any]) -> Statement:
    previous = found.get("previous")
    return Statement(Cid(found["statement"]), Cid(found["signature"]), found["state"], found.get("fault"),
                     found.get("key"), found.get("time"), found.get("name"), Cid(previous) if previous else None,
                     found.get("says", {}), b64decode(found.get("block", "")), b64decode(found.get("cose", "")))


def says_json(says: Mapping[str, str] | None) -> bytes | None:
    if says is None:
        return None
    if not all(isinstance(word, str) for pair in says.items() for word in pair):
        raise TypeError("the words of a statement are str, keys and values")
    return json.dumps(dict(says)).encode()
