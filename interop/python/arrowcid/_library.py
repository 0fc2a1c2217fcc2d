"""Finds ``libarrowcid``, declares what it exports, and calls it. All else in the package goes through ``native``.

Hot functions have no argument types: ctypes then takes ready objects as they are, which is faster. To these only ctypes
objects and ``bytes`` may be given, never a plain ``int``.
"""
from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_int16, c_int32, c_int64, c_ssize_t, c_uint8, c_uint32, c_void_p
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Iterator

from ._errors import ArrowCidError, ErrorCode, error_of

ABI = 1
CID_BYTES = 36
BATCHES_AT_ONCE = 64
NOTHING = -1
"""What is returned where nothing is there, which is no fault."""


class CError(Structure):
    _fields_ = [("code", c_int32), ("message", c_char * 1020)]


class CBlock(Structure):
    _fields_ = [
        ("cid", c_uint8 * CID_BYTES), ("schema_cid", c_uint8 * CID_BYTES),
        ("rows", c_int64), ("length", c_int64), ("time_ns", c_int64), ("kind", c_int32),
        ("is_new", c_int16), ("is_repaired", c_int16),
    ]


class CName(Structure):
    _fields_ = [("cid", c_uint8 * CID_BYTES), ("kind", c_int32), ("time_ns", c_int64), ("name", c_char * 256)]


class CRemoval(Structure):
    _fields_ = [("removed", c_int64), ("kept", c_int64), ("length", c_int64)]


class COptions(Structure):
    _fields_ = [
        ("size", c_int64), ("capacity", c_int64), ("segment_size", c_int64), ("timeout_ms", c_int64),
        ("durability", c_int32), ("verify", c_int32), ("retention", c_int32), ("flags", c_int32),
    ]


class CColumn(Structure):
    _fields_ = [
        ("validity", c_void_p), ("validity_length", c_int64), ("values", c_void_p), ("values_length", c_int64),
        ("offsets", c_void_p), ("offsets_length", c_int64), ("data", c_void_p), ("data_length", c_int64),
    ]


# What the library wants of this interpreter, in its order; behind them come None and what raises an exception.
_OF_PYTHON = (
    "PyCapsule_New", "PyCapsule_GetName", "PyCapsule_GetPointer", "PyTuple_New", "PyTuple_SetItem", "PyCFunction_NewEx",
    "PyObject_CallFunction", "PyLong_AsLongLong", "PyLong_FromLongLong", "PyBytes_AsString", "PyBytes_Size",
    "PyBytes_FromStringAndSize", "PyEval_SaveThread", "PyEval_RestoreThread", "Py_IncRef", "Py_DecRef",
)


class Handle(c_int64):
    """A handle of the library, ended when nothing refers to it, on whatever thread that is."""

    __slots__ = ()
    _end = ""
    _native: ClassVar[Any] = None

    def end(self) -> None:
        """Ends it now. Again: nothing."""
        value, self.value = self.value, 0
        if value:
            call(getattr(native, self._end), c_int64(value))

    def __del__(self) -> None:
        if self.value:
            getattr(self._native, self._end)(self, None)


_HANDLE, _POINTER, _OUT = c_int64, c_void_p, c_void_p

# What is called once in a while: every argument but the last one, which is the error.
_TYPED: dict[str, list[Any]] = {
    "cid_format": [_POINTER, _OUT],
    "cid_parse": [_POINTER, _OUT],
    "open": [_POINTER, _POINTER, _OUT],
    "close": [_HANDLE],
    "directory": [_HANDLE, _OUT, c_int64, _OUT],
    "flush": [_HANDLE],
    "put_arrays": [_HANDLE, _POINTER, _POINTER, c_int64, _OUT],
    "put_stream": [_HANDLE, _POINTER, _POINTER, _OUT, c_int64, _OUT],
    "put_ipc": [_HANDLE, _POINTER, c_int64, _POINTER, _OUT, c_int64, _OUT],
    "put_raw": [_HANDLE, _POINTER, c_int64, _POINTER, _OUT],
    "put_dataset": [_HANDLE, _POINTER, c_int64, _POINTER, _POINTER, _OUT],
    "put_table": [_HANDLE, _POINTER, _POINTER, _POINTER, _OUT],
    "dataset_batches": [_HANDLE, _POINTER, _OUT, c_int64, _OUT],
    "reserve": [_HANDLE, _POINTER, c_int64, _POINTER, _OUT],
    "reserved_column": [_HANDLE, c_int32, _OUT],
    "reserved_validity": [_HANDLE, c_int32, _OUT, _OUT],
    "commit": [_HANDLE, _OUT],
    "abandon": [_HANDLE],
    "get_schema": [_HANDLE, _POINTER, _OUT],
    "find": [_HANDLE, _POINTER, _OUT],
    "contains": [_HANDLE, _POINTER, c_int64, _OUT],
    "list": [_HANDLE, _POINTER, _OUT],
    "list_next": [_HANDLE, _OUT, c_int64, _OUT],
    "list_close": [_HANDLE],
    "names": [_HANDLE, _OUT],
    "names_next": [_HANDLE, _OUT, c_int64, _OUT],
    "describe": [_HANDLE, _POINTER, _OUT, c_int64, _OUT],
    "set_name": [_HANDLE, _POINTER, _POINTER, _POINTER, c_int32],
    "resolve_name": [_HANDLE, _POINTER, _OUT],
    "annotate": [_HANDLE, _POINTER, _POINTER],
    "pin": [_HANDLE, _POINTER],
    "unpin": [_HANDLE, _POINTER],
    "remove": [_HANDLE, _POINTER, c_int64, _OUT],
    "remove_forced": [_HANDLE, _POINTER, c_int64, _OUT],
    "put_together": [_HANDLE, _POINTER, _POINTER, c_int64, _POINTER, _OUT],
    "put_raws": [_HANDLE, _POINTER, _POINTER, c_int64, _POINTER, _OUT],
    "annotate_many": [_HANDLE, _POINTER, c_int64, _POINTER, c_int64, _OUT],
    "touch": [_HANDLE, _POINTER, c_int64, c_int64],
    "list_all": [_HANDLE, _POINTER, _OUT, c_int64, _OUT],
    "remove_where": [_HANDLE, _POINTER, c_int32, _OUT],
    "put_directory": [_HANDLE, _POINTER, _POINTER, _OUT],
    "directory_files": [_HANDLE, _POINTER, _OUT, c_int64, _OUT],
    "write_parquet": [_HANDLE, _POINTER, c_int64, c_int32, _OUT],
    "write_catalog": [_HANDLE, _POINTER, c_int32, _OUT],
    "memo_begin": [_HANDLE, _POINTER, c_int64, c_int64, _OUT, _OUT],
    "memo_set": [_HANDLE, _POINTER, c_int64, _POINTER, c_int64, _POINTER],
    "memo_release": [_HANDLE],
    "memo_remove": [_HANDLE, _POINTER, c_int64, c_int32, _OUT],
    "key_create": [_POINTER, c_int32, _OUT],
    "key_open": [_POINTER, _OUT],
    "key_id": [_HANDLE, _OUT, c_int64, _OUT],
    "key_close": [_HANDLE],
    "sign": [_HANDLE, _HANDLE, _POINTER, _POINTER, _OUT],
    "sign_name": [_HANDLE, _HANDLE, _POINTER, _POINTER, _POINTER, _OUT],
    "statements": [_HANDLE, _POINTER, _HANDLE, _OUT, c_int64, _OUT],
    "verify": [_HANDLE, _POINTER],
    "check": [_POINTER, c_int64, _OUT],
    "cid_of_array": [_POINTER, _POINTER, _OUT],
    "cid_of_ipc": [_POINTER, c_int64, _OUT, c_int64, _OUT],
    "watch": [_HANDLE, _POINTER, _OUT],
    "watch_names": [_HANDLE, _POINTER, _POINTER, _OUT],
    "watch_name": [_HANDLE, _OUT, c_int64, _OUT],
    "watch_fd": [_HANDLE, _OUT],
    "watch_cursor": [_HANDLE, _OUT, c_int64, _OUT],
    "watch_close": [_HANDLE],
}

# What is called all the time, without types.
_HOT = ("lease_block", "lease_array", "put_array")

# Built-in functions, which raise their errors by themselves.
_PYTHON = ("python_get", "python_handle", "python_block", "python_export", "python_array", "python_device_array",
           "python_schema", "python_stream", "python_next", "python_get_many", "python_hit")


class Native:
    """The library's functions, by their names without the prefix."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._library = library = ctypes.CDLL(path)
        number = library.arrowcid_abi
        number.restype = c_uint32
        if number() != ABI:
            raise ImportError(f"{path} speaks version {number()} of the ABI, and this package version {ABI}")
        for name, arguments in _TYPED.items():
            function = getattr(library, "arrowcid_" + name)
            function.argtypes = [*arguments, c_void_p]
            function.restype = c_int32
            setattr(self, name, function)
        for name in _HOT:
            function = getattr(library, "arrowcid_" + name)
            function.restype = c_int32
            setattr(self, name, function)
        for name in ("version", "hash_path"):
            function = getattr(library, "arrowcid_" + name)
            function.restype = c_char_p
            setattr(self, name, function)
        self._use_python()

    def _use_python(self) -> None:
        use = ctypes.PyDLL(self.path).arrowcid_python_use
        use.argtypes, use.restype = [c_void_p, c_void_p], ctypes.py_object
        pointers = [ctypes.cast(getattr(ctypes.pythonapi, name), c_void_p).value for name in _OF_PYTHON]
        error = CError()
        try:
            made = use((c_void_p * (len(_OF_PYTHON) + 2))(*pointers, id(None), id(_raise)), byref(error))
        except ValueError:
            raise ImportError(error.message.decode()) from None
        for name, function in zip(_PYTHON, made):
            setattr(self, name, function)

    def refuse_all(self) -> None:
        """After a fork nothing of the library may run: its threads are not there. Every function says so."""
        self.is_forked = True
        for name in (*_TYPED, *_HOT):
            setattr(self, name, _forked)
        for name in _PYTHON:
            setattr(self, name, _forked_object)

    is_forked = False

    if TYPE_CHECKING:
        def __getattr__(self, name: str) -> Any: ...


_FORKED = ("this process was forked from one that had loaded arrowcid, whose memory and threads it has not got: start "
           "processes with the start method 'spawn' (multiprocessing.get_context('spawn')), or import arrowcid after "
           "the fork")


def _raise(code: int, message: bytes) -> None:
    raise error_of(code, message.decode("utf-8", "replace"))


def _forked(*arguments: Any) -> int:
    return ErrorCode.FORKED


def _forked_object(*arguments: Any) -> Any:
    raise error_of(ErrorCode.FORKED, _FORKED)


def _candidates() -> Iterator[str]:
    named = os.environ.get("ARROWCID_LIBRARY")
    if named:
        yield named
        return
    here = Path(__file__).resolve().parent
    yield str(here / "libarrowcid.so")
    for folder in here.parents[1:4]:
        yield str(folder / ".artifacts" / "native" / "libarrowcid.so")
    yield "libarrowcid.so"


def _load() -> Native:
    tried = []
    for path in _candidates():
        if "/" in path and not os.path.exists(path):
            tried.append(f"{path}: not there")
            continue
        try:
            return Native(path)
        except (OSError, AttributeError) as fault:
            tried.append(f"{path}: {fault}")
    raise ImportError("libarrowcid cannot be loaded. ARROWCID_LIBRARY names it where it is elsewhere; in a checkout "
                      "interop/build makes it. Tried:\n  " + "\n  ".join(tried))


native = _load()
Handle._native = native  # which the class keeps to the end of the interpreter
os.register_at_fork(after_in_child=native.refuse_all)


def failure(code: int, error: CError) -> ArrowCidError:
    """The exception for a call's code and what it said."""
    if native.is_forked:
        return error_of(ErrorCode.FORKED, _FORKED)
    return error_of(code, error.message.decode("utf-8", "replace") or f"error {code}")


def call(function: Callable[..., int], *arguments: Any) -> int:
    """Calls a function of the library with an error behind its arguments and raises what it says. Gives the code,
    which is 0 or ``NOTHING``."""
    error = CError()
    code = function(*arguments, byref(error))
    if code > 0:
        raise failure(code, error)
    return code


def text(function: Callable[..., int], *arguments: Any) -> str:
    """Calls a function of the library that writes a text."""
    capacity = 1024
    while True:
        buffer, needed, error = ctypes.create_string_buffer(capacity), c_int64(), CError()
        code = function(*arguments, buffer, capacity, byref(needed), byref(error))
        if code == 0:
            return buffer.value.decode()
        if code != ErrorCode.TOO_LARGE or needed.value <= capacity:
            raise failure(code, error)
        capacity = needed.value


def to_text(value: str, what: str) -> bytes:
    """A text as the library reads it."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is a str, not {type(value).__name__}")
    encoded = value.encode()
    if b"\0" in encoded:
        raise ValueError(f"{what} holds a NUL")
    return encoded


class _PyBuffer(Structure):
    _fields_ = [
        ("buf", c_void_p), ("obj", c_void_p), ("len", c_ssize_t), ("itemsize", c_ssize_t), ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int), ("format", c_char_p), ("shape", c_void_p), ("strides", c_void_p),
        ("suboffsets", c_void_p), ("internal", c_void_p),
    ]


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = [ctypes.py_object, POINTER(_PyBuffer), ctypes.c_int]
_get_buffer.restype = ctypes.c_int
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes = [POINTER(_PyBuffer)]
_release_buffer.restype = None


class _BytesOf:
    """The bytes of whatever has a buffer, where they lie, for as long as the ``with`` lasts."""

    def __init__(self, source: Any) -> None:
        self._view = _PyBuffer()
        _get_buffer(source, self._view, 0)

    def __enter__(self) -> tuple[int | None, int]:
        return self._view.buf, self._view.len

    def __exit__(self, *_: object) -> None:
        _release_buffer(self._view)


def bytes_of(source: Any) -> _BytesOf:
    """The bytes of a source of batches that is none by its methods."""
    try:
        return _BytesOf(source)
    except TypeError:
        raise TypeError("a batch has __arrow_c_array__, a stream __arrow_c_stream__, and bytes a buffer: "
                        f"{type(source).__name__} has none of them") from None
