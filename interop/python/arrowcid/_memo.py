"""Functions whose results are cached in a store, for all processes and languages."""
from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import datetime
import functools
import inspect
import os
import re
import struct
import warnings
from ctypes import byref, c_int64
from typing import TYPE_CHECKING, Any, Callable, Dict, Generic, Iterable, Iterator, NamedTuple, TypeVar

from ._call import call_block, key_of
from ._cid import Cid, cid_of
from ._errors import ArrowCidError, ErrorCode, InvalidArgument
from ._library import CError, Handle, call, failure, native
from ._values import load_held, store_value

if TYPE_CHECKING:
    from ._store import Store

_F = TypeVar("_F", bound=Callable[..., Any])

# A caller that waits for another's result looks whether it was interrupted so often, and a coroutine for the result.
_WAIT_MS = 500
_MAX_PAUSE = 0.02
_MOST_KEYS = 1024
_SPANS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_NO_SPACE = (ErrorCode.STORE_FULL, ErrorCode.INDEX_FULL, ErrorCode.TOO_LARGE, ErrorCode.RESOURCE_EXHAUSTED)
_PLAIN = frozenset((str, int, float, bool, type(None), bytes, Cid))


# The library's struct of a result, whose bytes are faster read than its fields: the CID, a reserved number, the expiry, the
# time that it took and the form.
_ResultBytes = ctypes.c_char * 120
_TOOK = 48
_number = struct.Struct("=q")


# The calls that are being computed around the code that runs, each with its store: a call within itself would wait for its
# own result for ever.
_computing: contextvars.ContextVar[tuple[tuple[str, bytes], ...]] = contextvars.ContextVar("arrowcid", default=())


class _Work(Handle):
    __slots__ = ()
    _end = "memo_release"


class CacheInfo(NamedTuple):
    """What a cached function has done in this process."""

    hits: int
    """Calls whose result was found."""
    misses: int
    """Calls that computed."""
    saved: float
    """The seconds that the found results took to compute."""


class Cached(Generic[_F]):
    """A cached function. ``Store.cached`` gives it; it is called as the function is."""

    def __init__(self, store: Store, function: Callable[..., Any], name: str | None, version: Any, ttl: Any,
                 ignore: Iterable[str], if_: Callable[[Any], bool] | None, form: str | None,
                 env: Iterable[str]) -> None:
        functools.update_wrapper(self, function)  # type: ignore[arg-type]
        self._store, self._function = store, function
        self._name = name or f"{function.__module__}.{function.__qualname__}"
        self._version = "" if version is None else str(version)
        self._life = _milliseconds(ttl)
        self._if, self._form = if_, form
        self._env = tuple([env] if isinstance(env, str) else env)
        self._bind = _Binder(function, [ignore] if isinstance(ignore, str) else ignore)
        self._blocks: Dict[Any, bytes] = {}
        self._hits = self._misses = self._saved_ns = 0
        call_block(self._name, self._version)  # a name or version that is not allowed is refused here

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself, which caches nothing."""
        return self._function

    def key(self, *arguments: Any, **named: Any) -> Cid:
        """The key of a call: the same in every language for the same function name, version and arguments."""
        return cid_of(key_of(self._block(arguments, named)))

    def info(self) -> CacheInfo:
        """Hits and misses of this process, and the time that hits saved."""
        return CacheInfo(self._hits, self._misses, self._saved_ns / 1e9)

    def invalidate(self, **arguments: Any) -> int:
        """Removes the results that were computed with these arguments, whatever the others were; without arguments all
        of the function, of all versions. Returns how many."""
        return self._remove(arguments, False)

    def count(self, **arguments: Any) -> int:
        """How many results there are with these arguments, of all processes and versions."""
        return self._remove(arguments, True)

    def _remove(self, arguments: Dict[str, Any], is_dry: bool) -> int:
        removed, block = c_int64(), call_block(self._name, "", arguments)
        call(native.memo_remove, self._store._open(), block, len(block), int(is_dry), byref(removed))
        return removed.value

    def _environment(self) -> Dict[str, str | None]:
        return {name: os.environ.get(name) for name in self._env}

    def _block(self, arguments: Any, named: Any) -> bytes:
        values = tuple(named.values()) if named else ()
        kinds = tuple(map(type, arguments)) + tuple(map(type, values))
        if self._env or not _PLAIN.issuperset(kinds):
            return call_block(self._name, self._version, self._bind(arguments, named), self._environment())
        # Equal arguments of other types have other keys: 1 is not True.
        same = (arguments, tuple(named), values, kinds)
        block = self._blocks.get(same)
        if block is None:
            block = call_block(self._name, self._version, self._bind(arguments, named))
            if len(self._blocks) >= _MOST_KEYS:
                self._blocks.clear()
            self._blocks[same] = block
        return block

    def _find(self, block: bytes) -> Any:
        """A result with its value held, or None."""
        return native.python_hit(self._store._open().value, block)

    def _load(self, found: Any) -> Any:
        result = found[0]
        value = load_held(self._store, found, self._form)
        self._hits += 1
        self._saved_ns += _number.unpack_from(result, _TOOK)[0]
        return value

    def _begin(self, block: bytes, wait_ms: int, work: _Work) -> Any:
        """A result; or None, and the right to compute it where ``work`` is set, else another caller is at it."""
        result, error = _ResultBytes(), CError()
        code = native.memo_begin(self._store._open(), block, len(block), wait_ms, byref(work), byref(result),
                                 byref(error))
        if code == ErrorCode.BUSY:
            return None
        if code:
            raise failure(code, error)
        return None if work else (result.raw, None)

    @contextlib.contextmanager
    def _computes(self, block: bytes) -> Iterator[None]:
        token = _computing.set((*_computing.get(), (self._store.directory, block)))
        try:
            yield
        finally:
            _computing.reset(token)

    def _check(self, block: bytes) -> None:
        around = _computing.get()
        if around and (self._store.directory, block) in around:
            raise InvalidArgument(f"{self._name} calls itself with the same arguments while it computes, and would wait "
                                  "for its own result: change the arguments, or call its .function")

    def _keep(self, work: _Work, value: Any) -> Any:
        self._misses += 1
        if self._life == 0 or (self._if is not None and not self._if(value)):
            work.end()
            return value
        try:
            cid, created, form = store_value(self._store, value)
            handle, work.value = work.value, 0
            call(native.memo_set, handle, cid, self._life, b"".join(created), len(created), form.encode())
        except ArrowCidError as fault:
            if fault.code not in _NO_SPACE:
                raise
            # What was computed is worth more than its place in the cache.
            warnings.warn(f"the result of {self._name} is not kept: {fault}", RuntimeWarning, stacklevel=4)
        return value


class _CachedFunction(Cached[_F]):
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        block = self._block(arguments, named)
        found = self._find(block)
        if found is None:
            self._check(block)
        while found is None:
            work = _Work()
            try:
                found = self._begin(block, _WAIT_MS, work)
                if work:
                    with self._computes(block):
                        value = self._function(*arguments, **named)
                    return self._keep(work, value)
            finally:
                work.end()
        return self._load(found)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)


class _CachedCoroutine(Cached[_F]):
    async def __call__(self, *arguments: Any, **named: Any) -> Any:
        block = self._block(arguments, named)
        found, pause = self._find(block), 0.001
        if found is None:
            self._check(block)
        while found is None:
            work = _Work()
            try:
                found = self._begin(block, 0, work)
                if work:
                    with self._computes(block):
                        value = await self._function(*arguments, **named)
                    return self._keep(work, value)
            finally:
                work.end()
            if found is None:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _MAX_PAUSE)
        return self._load(found)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)


def cached(store: Store, function: Any, **options: Any) -> Any:
    """See ``Store.cached``."""
    kind = _CachedCoroutine if inspect.iscoroutinefunction(function) else _CachedFunction
    return kind(store, function, **options)


class _Binder:
    """Arguments by their names, with the defaults of those that are left out."""

    def __init__(self, function: Callable[..., Any], ignore: Iterable[str]) -> None:
        self._signature = inspect.signature(function)
        parameters = self._signature.parameters
        self._ignored = frozenset(ignore)
        unknown = self._ignored - parameters.keys()
        if unknown:
            raise InvalidArgument(f"ignore: {function.__qualname__} has no argument {', '.join(sorted(unknown))}")
        self._extra = next((each.name for each in parameters.values() if each.kind is each.VAR_KEYWORD), None)
        self._kept = [name for name in parameters if name not in self._ignored and name != self._extra]

    def __call__(self, arguments: Any, named: Any) -> Dict[str, Any]:
        bound = self._signature.bind(*arguments, **named)
        bound.apply_defaults()
        values = {name: bound.arguments[name] for name in self._kept}
        if self._extra is not None:
            values.update(bound.arguments[self._extra])
        return values


def _milliseconds(ttl: Any) -> int:
    """A time to live: ``"7d"``, ``"1h30m"``, seconds, or a timedelta; None is the default of the store."""
    if ttl is None:
        return -1
    if isinstance(ttl, datetime.timedelta):
        ttl = ttl.total_seconds()
    if isinstance(ttl, str):
        parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhdw])", ttl)
        if not parts or "".join(number + unit for number, unit in parts) != ttl:
            raise InvalidArgument(f"ttl is a span such as 7d, 1h30m or 90s, not {ttl!r}")
        return int(sum(float(number) * _SPANS[unit] for number, unit in parts))
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not 0 <= ttl < 1 << 40:
        raise InvalidArgument(f"ttl is a span such as '7d', a timedelta, or seconds, not {ttl!r}")
    return int(ttl * 1000)
