"""What can go wrong: the codes of ArrowCid, and an exception for each that a caller may want to catch."""
from __future__ import annotations

import enum


class ErrorCode(enum.IntEnum):
    """What went wrong, as a number that never changes; the same in every language."""

    INTERNAL = 1
    INVALID_ARGUMENT = 2
    INVALID_CID = 3
    SCHEMA_MISMATCH = 4
    UNSUPPORTED = 5
    BLOCK_NOT_FOUND = 6
    NAME_NOT_FOUND = 7
    NAME_EXISTS = 8
    NAME_CONFLICT = 9
    BLOCK_CORRUPT = 10
    INVALID_DATA = 11
    NOT_CANONICAL = 12
    STORE_FAULTED = 13
    FORMAT_VERSION = 14
    STORE_FULL = 15
    INDEX_FULL = 16
    TOO_LARGE = 17
    SUBSCRIBER_LAGGED = 18
    BUSY = 19
    STORE_GONE = 20
    FORKED = 21
    ACCESS_DENIED = 22
    IO = 23
    RESOURCE_EXHAUSTED = 24
    POOL_UNAVAILABLE = 25
    MEMBER_FENCED = 26


class ArrowCidError(Exception):
    """A call that failed. ``code`` says what kind of fault it is, the text what is wrong and what to do."""

    code: int = ErrorCode.INTERNAL

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidArgument(ArrowCidError, ValueError):
    """An argument that the caller can correct; also any call on a closed object."""

    code = ErrorCode.INVALID_ARGUMENT


class InvalidCid(ArrowCidError, ValueError):
    """A text that is no CID, or a CID that no block can have."""

    code = ErrorCode.INVALID_CID


class SchemaMismatch(ArrowCidError, ValueError):
    """A batch does not have the schema that was asked for."""

    code = ErrorCode.SCHEMA_MISMATCH


class BlockNotFound(ArrowCidError, KeyError):
    """No block of that CID is in the store."""

    code = ErrorCode.BLOCK_NOT_FOUND


class NameNotFound(ArrowCidError, KeyError):
    """No such name."""

    code = ErrorCode.NAME_NOT_FOUND


class NameConflict(ArrowCidError):
    """The name points to another CID than expected, or to one although it was expected to be free."""

    code = ErrorCode.NAME_CONFLICT


class BlockCorrupt(ArrowCidError):
    """Stored bytes do not hash to their CID."""

    code = ErrorCode.BLOCK_CORRUPT


class InvalidData(ArrowCidError, ValueError):
    """Bytes or arrays from outside break the Arrow format's rules."""

    code = ErrorCode.INVALID_DATA


class NotCanonical(InvalidData):
    """A readable stream that is not in the canonical form."""

    code = ErrorCode.NOT_CANONICAL


class StoreFull(ArrowCidError):
    """No space for the block within the store's capacity; the text names the holders of segments."""

    code = ErrorCode.STORE_FULL


class Busy(ArrowCidError):
    """Another caller holds what is needed; a retry may help."""

    code = ErrorCode.BUSY


class StoreGone(ArrowCidError, FileNotFoundError):
    """There is no store, or its directory was removed while it was open."""

    code = ErrorCode.STORE_GONE


class Forked(ArrowCidError):
    """This process was forked from one that had loaded the library: take the start method ``spawn``."""

    code = ErrorCode.FORKED


class AccessDenied(ArrowCidError, PermissionError):
    """A file or store may not be opened: owner, mode or file system."""

    code = ErrorCode.ACCESS_DENIED


_CLASSES = {kind.code: kind for kind in (
    InvalidArgument, InvalidCid, SchemaMismatch, BlockNotFound, NameNotFound, NameConflict, BlockCorrupt, InvalidData,
    NotCanonical, StoreFull, Busy, StoreGone, Forked, AccessDenied)}
_CLASSES[ErrorCode.NAME_EXISTS] = NameConflict


def error_of(code: int, message: str) -> ArrowCidError:
    """The exception for a code of the library."""
    try:
        code = ErrorCode(code)
    except ValueError:
        pass  # of a later library
    return _CLASSES.get(code, ArrowCidError)(message, code)  # type: ignore[call-overload]
