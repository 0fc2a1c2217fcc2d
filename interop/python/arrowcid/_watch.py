"""Hearing of what any process puts."""
from __future__ import annotations

import asyncio
import struct
import threading
import time
from ctypes import byref, c_int32
from typing import TYPE_CHECKING, Any, NamedTuple

from ._cid import Cid, cid_of
from ._errors import InvalidArgument
from ._library import CID_BYTES, Handle, call, native, text

if TYPE_CHECKING:
    from ._store import Store

_KINDS = ("unknown", "new", "again", "gap", "name")
_REASONS = ("unknown", "other-store", "past-end", "rewritten", "gone", "damaged")
# How long the main thread sleeps at most before it looks for signals, and how many events a task takes before
# others have their turn.
_LONGEST_MS = 100
_MOST_AT_ONCE = 64
_FOR_EVER_MS = 1 << 40
# An arrowcid_event: of the block the CID, its schema's, rows, length and time; then kind, lane, and of a gap the
# reason and the first and last record.
_announced = struct.Struct(f"={CID_BYTES}s{CID_BYTES}sqqq8xiii4xqq")
_one_tuple = tuple.__new__


class Gap(NamedTuple):
    """What a watch has missed."""

    reason: str
    """``other-store``, ``past-end``, ``rewritten``, ``gone`` or ``damaged``."""
    lane: int
    """The writer's log; -1 where it is the whole store."""
    first: int
    last: int


class StoreEvent(NamedTuple):
    """One put of a batch, a change of a name, or a gap. The block may be gone by the time it is asked for."""

    kind: str
    """``new``, ``again`` (the store had it), ``gap``, or ``name`` (``store.watch_names``)."""
    cid: Cid | None
    """The block; of a name the one that it points to since, None where it was removed. None where it is a gap."""
    schema_cid: Cid | None
    rows: int
    length: int
    time_ns: int
    lane: int
    gap: Gap | None
    name: str | None = None
    """The name that changed."""
    old_cid: Cid | None = None
    """The block that the name pointed to before; None for none."""


class _WatchHandle(Handle):
    __slots__ = ()
    _end = "watch_close"


class Watch:
    """A watch of a store: ``for event in watch`` or ``async for event in watch``.

    One thread, or one task, at a time. A task may be cancelled while it waits: nothing is lost, the next one gets what
    came. ``close()`` ends it, from any thread, and also who waits.
    """

    def __init__(self, store: Store, from_: bytes | None, timeout: float | None, names: bytes | None = None) -> None:
        self._store = store
        self._timeout = timeout
        self._waiting: asyncio.Future[None] | None = None
        self._fd: int | None = None
        self._taken = 0
        self._handle = _WatchHandle()
        if names is None:
            call(native.watch, store._open(), from_, byref(self._handle))
        else:
            call(native.watch_names, store._open(), names, from_, byref(self._handle))

    @property
    def cursor(self) -> str:
        """Where to go on behind the last event, later and in any process: ``store.watch(cursor)``."""
        return text(native.watch_cursor, self._handle)

    def fileno(self) -> int:
        """A descriptor for ``select`` and the like, readable when there may be something: then call ``next(0)`` until
        it gives None. It belongs to the watch."""
        if self._fd is None:
            fd = c_int32()
            call(native.watch_fd, self._handle, byref(fd))
            self._fd = fd.value
        return self._fd

    def next(self, timeout: float | None = None) -> StoreEvent | None:
        """The next event; None if nothing came within ``timeout`` seconds, or the watch was closed."""
        most = _LONGEST_MS if threading.get_ident() == threading.main_thread().ident else _FOR_EVER_MS
        if timeout is None:
            while self._handle.value:
                event = self._take(most)
                if event is not None:
                    return event
            return None
        end = time.monotonic() + timeout
        left = timeout
        while self._handle.value:
            event = self._take(min(most, max(0, int(left * 1000))))
            if event is not None:
                return event
            left = end - time.monotonic()
            if left <= 0:
                return None
        return None

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> StoreEvent:
        event = self.next(self._timeout)
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> StoreEvent:
        loop = asyncio.get_running_loop()
        end = None if self._timeout is None else loop.time() + self._timeout
        self._taken += 1
        if self._taken % _MOST_AT_ONCE == 0:
            await asyncio.sleep(0)
        while self._handle:
            event = self._take(0)
            if event is not None:
                return event
            if end is not None and loop.time() >= end:
                break
            await self._readable(loop, end)
        raise StopAsyncIteration

    async def _readable(self, loop: asyncio.AbstractEventLoop, end: float | None) -> None:
        if self._waiting is not None:
            raise RuntimeError("another task waits for this watch")
        fd, future = self.fileno(), loop.create_future()
        self._waiting = future
        loop.add_reader(fd, _finish, future)
        timer = None if end is None else loop.call_at(end, _finish, future)
        try:
            await future
        finally:
            if timer is not None:
                timer.cancel()
            if self._waiting is future:
                self._waiting = None
                loop.remove_reader(fd)

    def _take(self, wait_ms: int) -> StoreEvent | None:
        try:
            found = native.python_next(self._handle.value, wait_ms)
        except InvalidArgument:
            if self._handle:
                raise
            return None  # it was closed just now
        if found is None:
            return None
        cid, schema_cid, rows, length, time_ns, number, lane, reason, first, last = _announced.unpack(found)
        kind = _KINDS[number] if 0 < number < len(_KINDS) else _KINDS[0]
        if kind == "gap":
            why = _REASONS[reason] if 0 < reason < len(_REASONS) else _REASONS[0]
            return StoreEvent(kind, None, None, 0, 0, 0, lane, Gap(why, lane, first, last))
        if kind == "name":
            name = text(native.watch_name, self._handle)
            new, old = (cid_of(each) if each[0] else None for each in (cid, schema_cid))
            return StoreEvent(kind, new, None, 0, 0, time_ns, lane, None, name, old)
        return _one_tuple(StoreEvent, (kind, cid_of(cid), cid_of(schema_cid), rows, length, time_ns, lane, None, None, None))

    def close(self) -> None:
        """Ends the watch, and who waits for it. Again: nothing."""
        waiting = self._waiting
        if waiting is None:
            self._handle.end()
            return
        loop = waiting.get_loop()
        try:
            is_here = asyncio.get_running_loop() is loop
        except RuntimeError:
            is_here = False
        if is_here or loop.is_closed():
            self._end(loop)
        else:
            loop.call_soon_threadsafe(self._end, loop)

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        # The loop lets go of the descriptor before its number can be another's.
        waiting, self._waiting = self._waiting, None
        if waiting is not None and self._fd is not None and not loop.is_closed():
            loop.remove_reader(self._fd)
            _finish(waiting)
        self._handle.end()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Watch:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("a watch stays in its process: send its cursor")


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
