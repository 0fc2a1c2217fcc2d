"""A store as a file system of fsspec, under ``acid://``: what pandas, dask, xarray, zarr and others read and write.

::

    pandas.read_parquet("acid://@trips", storage_options={"store": "/dev/shm/quotes"})
    fsspec.open("acid://@trips/part-0.parquet", store="/dev/shm/quotes")

=============================  ==========================================================================================
``acid://``                    the names, each with ``@``, and ``catalog.parquet``
``acid://@NAME``               the block that a name points to; a name may have slashes
``acid://CID``                 a block
``…/part-0.parquet``           of a batch or dataset, which is a directory: each batch as a Parquet file
``…/part-0.arrow``             the same as the Arrow IPC stream that it is in the store, read in place; not listed
``…/a/b.txt``                  of a directory (``put --as files``, ``Store.put_directory``): a file, read in place
``acid://catalog.parquet``     the store's blocks and their metadata, one row for each
=============================  ==========================================================================================

Other blocks are files of their bytes. Files are written below names alone: ``acid://@NAME/a/b.txt`` stores the bytes and a new
version of the directory, and moves the name to it, as one step; ``acid://@NAME`` stores the bytes under the name.
Blocks do not change: what is open stays as it was. Removing a file or a name removes no block.

It needs fsspec. The installed package registers itself there; else call ``arrowcid.fs.register()``.
"""
from __future__ import annotations

import datetime
import io
import mmap
import os
import posixpath
import re
import tempfile
import threading
from collections import OrderedDict
from ctypes import byref, c_int64
from typing import Any, Callable, Iterable, Iterator, NamedTuple

import fsspec
from fsspec.spec import AbstractFileSystem

from ._cid import Cid
from ._errors import BlockNotFound, InvalidCid, NameConflict, NameNotFound, SchemaMismatch
from ._library import call, native
from ._store import Store, open as open_store

CATALOG = "catalog.parquet"

_PART = re.compile(r"part-(0|[1-9][0-9]{0,8})\.(parquet|arrow)")
_MOST_RENDERED = 256 << 20
_MOST_DIRECTORIES = 64
_TABLES = ("batch", "view", "dataset", "manifest")


def register() -> None:
    """Makes ``acid://`` known to fsspec, where the package is used from a checkout and was not installed."""
    fsspec.register_implementation("acid", StoreFileSystem, clobber=True)


class _Place(NamedTuple):
    """What a path leads to."""

    kind: str
    """``root``, ``catalog``, ``names``, ``table``, ``part``, ``files`` (a directory and below), ``file`` or ``block``."""
    cid: Cid | None = None
    """The block; of a part its batch."""
    rest: str = ""
    """The path within it; of ``names`` what the names begin with."""
    time_ns: int = 0
    length: int = 0

    @property
    def is_directory(self) -> bool:
        return self.kind in ("root", "names", "table", "files")


class StoreFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """A store as files; the module says which paths there are.

    :param store: an ``arrowcid.Store``, or the directory of one; else ``ARROWCID_STORE``, else the user's default.
    :param read_only: nothing is written.
    :param create: makes the store where there is none; else that is a ``StoreGone``, which is a ``FileNotFoundError``.
    """

    protocol = ("acid",)
    root_marker = ""

    def __init__(self, store: Any = None, read_only: bool = False, create: bool = False, **options: Any) -> None:
        super().__init__(store=store, read_only=read_only, create=create, **options)
        self._directory: str | None = store.directory if isinstance(store, Store) else store
        self._read_only, self._create = read_only, create
        self._lock = threading.RLock()
        self._opened: Store | None = store if isinstance(store, Store) else None
        self._rendered: OrderedDict[bytes, memoryview] = OrderedDict()
        self._directories: OrderedDict[bytes, dict[str, Any]] = OrderedDict()

    @property
    def store(self) -> Store:
        """The store; opened again where it was closed."""
        with self._lock:
            if self._opened is None or not self._opened._handle:
                self._opened = open_store(self._directory, read_only=self._read_only,
                                          must_exist=not self._create)
            return self._opened

    # ------------------------------------------------------------ paths

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        stripped = super()._strip_protocol(path)
        # dask puts a slash in front of a path without a folder.
        return stripped.lstrip("/") if isinstance(stripped, str) else stripped

    def _locate(self, path: str) -> _Place:
        """What a path without its protocol leads to; ``FileNotFoundError`` where there is nothing."""
        if not path:
            return _Place("root")
        if path == CATALOG:
            return _Place("catalog")
        try:
            return self._located(path)
        except (BlockNotFound, NameNotFound):
            raise FileNotFoundError(path) from None

    def _located(self, path: str) -> _Place:
        if path.startswith("@"):
            name, rest = self._split(path)
            cid = self.store.resolve(name) if name else None
            if cid is None:
                prefix = path[1:] + "/"
                if any(each.name.startswith(prefix) for each in self.store.names()):
                    return _Place("names", None, prefix)
                raise FileNotFoundError(path)
        else:
            first, _, rest = path.partition("/")
            try:
                cid = Cid(first)
            except InvalidCid:
                raise FileNotFoundError(path) from None
        return self._within(path, cid, rest)

    def _split(self, path: str) -> tuple[str, str]:
        """The longest name at the beginning of a path, and the rest; where there is none, the first part."""
        parts = path[1:].split("/")
        for count in range(len(parts), 0, -1):
            name = "/".join(parts[:count])
            if _is_name(name) and self.store.resolve(name) is not None:
                return name, "/".join(parts[count:])
        return parts[0], "/".join(parts[1:])

    def _within(self, path: str, cid: Cid, rest: str) -> _Place:
        block = self.store.find(cid)
        if block is None:
            raise FileNotFoundError(path)
        if block.kind in _TABLES and block.schema_cid is not None:
            if not rest:
                return _Place("table", cid, "", block.time_ns)
            part = _PART.fullmatch(rest)
            batches = self._batches(cid, block.kind) if part else []
            if part is None or int(part[1]) >= len(batches):
                raise FileNotFoundError(path)
            return _Place("part", batches[int(part[1])], part[2], block.time_ns)
        files = self._files_of(cid) if block.kind == "node" else None
        if files is None:
            if rest:
                raise FileNotFoundError(path)
            return _Place("block", cid, "", block.time_ns, block.length)
        if rest in files:
            file = files[rest]
            if file["bytes"] is None:
                raise FileNotFoundError(f"{path}: its block {file['cid']} is not here")
            return _Place("file", Cid(file["cid"]), "", block.time_ns, file["bytes"])
        if not rest or any(each.startswith(rest + "/") for each in files):
            return _Place("files", cid, rest, block.time_ns)
        raise FileNotFoundError(path)

    def _batches(self, cid: Cid, kind: str) -> list[Cid]:
        return self.store.dataset(cid).batches if kind == "dataset" else [cid]

    def _files_of(self, cid: Cid) -> dict[str, Any] | None:
        """The files of a directory; None where the block is another."""
        with self._lock:
            known = self._directories.get(cid)
        if known is not None and all(file["bytes"] is not None for file in known.values()):
            return known
        try:
            files = self.store._files(cid)
        except SchemaMismatch:
            return None
        with self._lock:
            self._directories[bytes(cid)] = files
            while len(self._directories) > _MOST_DIRECTORIES:
                self._directories.popitem(last=False)
        return files

    # ------------------------------------------------------------ looking

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Type, size and CID of a file or directory. The size of a Parquet file is known once it is made, for which it
        is."""
        path = self._strip_protocol(path)
        return self._info(path, self._locate(path), True)

    def _info(self, path: str, place: _Place, is_made: bool) -> dict[str, Any]:
        size: int | None = place.length
        if place.kind in ("part", "catalog"):
            size = len(self._bytes(place)) if is_made else self._known_size(place)
        found: dict[str, Any] = {"name": path, "size": 0 if place.is_directory else size,
                 "type": "directory" if place.is_directory else "file"}
        if place.cid is not None:
            found["cid"] = str(place.cid)
        if place.time_ns:
            found["created"] = _time_of(place.time_ns)
        return found

    def _known_size(self, place: _Place) -> int | None:
        if place.kind == "part" and place.rest == "arrow" and place.cid is not None:
            block = self.store.find(place.cid)
            return None if block is None else block.length
        with self._lock:
            view = self._rendered.get(bytes(place.cid or b""))
        return None if view is None else len(view)

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> Any:
        """What is in a directory. The size of a Parquet file is None where it was not made yet; ``info`` makes it."""
        path = self._strip_protocol(path)
        place = self._locate(path)
        found = [self._info(path, place, True)] if not place.is_directory else list(self._children(path, place))
        return found if detail else [each["name"] for each in found]

    def _children(self, path: str, place: _Place) -> Iterator[dict[str, Any]]:
        if place.kind in ("root", "names"):
            yield from self._names_below(place.rest)
            if place.kind == "root":
                yield {"name": CATALOG, "size": None, "type": "file"}
        elif place.kind == "table":
            assert place.cid is not None
            block = self.store.find(place.cid)
            for i, cid in enumerate(self._batches(place.cid, block.kind if block else "batch")):
                yield self._info(f"{path}/part-{i}.parquet", _Place("part", cid, "parquet", place.time_ns), False)
        else:
            assert place.cid is not None
            start, seen = place.rest + "/" if place.rest else "", set()
            for each, file in (self._files_of(place.cid) or {}).items():
                if not each.startswith(start):
                    continue
                first, _, below = each[len(start):].partition("/")
                if below and first not in seen:
                    seen.add(first)
                    yield self._info(f"{path}/{first}", _Place("files", place.cid, start + first, place.time_ns), False)
                elif not below and file["bytes"] is not None:
                    yield self._info(f"{path}/{first}",
                                     _Place("file", Cid(file["cid"]), "", place.time_ns, file["bytes"]), False)

    def _names_below(self, start: str) -> Iterator[dict[str, Any]]:
        seen = set()
        for each in self.store.names():
            if not each.name.startswith(start):
                continue
            first, _, below = each.name[len(start):].partition("/")
            path = "@" + start + first
            if path in seen or not first:
                continue
            try:
                yield self._info(path, self._locate(path), False)
            except FileNotFoundError:  # the block is not here
                if not below:
                    continue
                yield {"name": path, "size": 0, "type": "directory"}
            seen.add(path)

    def created(self, path: str) -> datetime.datetime:
        """When the block was first put."""
        created = self.info(path).get("created")
        if created is None:
            raise FileNotFoundError(f"{path} has no time of its own")
        return created  # type: ignore[no-any-return]

    modified = created

    def ukey(self, path: str) -> str:
        """The CID, with the path in it: what has the same one has the same bytes."""
        path = self._strip_protocol(path)
        place = self._locate(path)
        return f"{place.cid}/{place.rest}" if place.cid is not None else super().ukey(path)

    def checksum(self, path: str) -> int:
        """A number of the CID: equal for equal bytes."""
        return int.from_bytes(self.ukey(path).encode()[-64:], "big")

    # ------------------------------------------------------------ reading

    def _bytes(self, place: _Place) -> memoryview:
        """The bytes of a file, in place, or as it was made."""
        if place.kind == "catalog":
            return _made(lambda file, length: call(native.write_catalog, self.store._open(), None, file, length))
        assert place.cid is not None
        if place.kind == "part" and place.rest == "parquet":
            return self._parquet(place.cid)
        return self.store[place.cid].buffer

    def _parquet(self, cid: Cid) -> memoryview:
        key = bytes(cid)
        with self._lock:
            view = self._rendered.get(key)
            if view is not None:
                self._rendered.move_to_end(key)
                return view
        view = _made(lambda file, length: call(native.write_parquet, self.store._open(), key, 1, file, length))
        with self._lock:
            self._rendered[key] = view
            while len(self._rendered) > 1 and sum(map(len, self._rendered.values())) > _MOST_RENDERED:
                self._rendered.popitem(last=False)
        return view

    def _view(self, path: str) -> memoryview:
        path = self._strip_protocol(path)
        place = self._locate(path)
        if place.is_directory:
            raise IsADirectoryError(path)
        try:
            return self._bytes(place)
        except BlockNotFound:
            raise FileNotFoundError(path) from None

    def _open(self, path: str, mode: str = "rb", block_size: Any = None, autocommit: bool = True,
              cache_options: Any = None, **kwargs: Any) -> Any:
        if mode == "rb":
            return StoreFile(self, path, self._view(path))
        if mode not in ("wb", "xb", "ab"):
            raise ValueError(f"a file is opened to read, or to write as a whole, not with mode {mode!r}")
        self._writable(path)
        if mode == "xb" and self.exists(path):
            raise FileExistsError(path)
        start = bytes(self._view(path)) if mode == "ab" and self.exists(path) else b""
        return StoreUpload(self, path, autocommit, start)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """The bytes of a file, or a range of them, which alone is copied."""
        return bytes(self._view(path)[start:end])

    def cat_ranges(self, paths: Any, starts: Any, ends: Any, max_gap: Any = None, on_error: str = "return",
                   **kwargs: Any) -> list[Any]:
        """Ranges of files, each of which is looked up once."""
        if not isinstance(paths, list):
            raise TypeError("paths is a list")
        starts = starts if isinstance(starts, Iterable) else [starts] * len(paths)
        ends = ends if isinstance(ends, Iterable) else [ends] * len(paths)
        starts, ends = list(starts), list(ends)
        if len(starts) != len(paths) or len(ends) != len(paths):
            raise ValueError("there is not one start and one end for each path")
        views: dict[str, Any] = {}
        found: list[Any] = []
        for path, start, end in zip(paths, starts, ends):
            try:
                if path not in views:
                    views[path] = self._view(path)
                found.append(bytes(views[path][start:end]))
            except Exception as fault:
                if on_error != "return":
                    raise
                found.append(fault)
        return found

    # ------------------------------------------------------------ writing

    def _writable(self, path: str) -> str:
        """A path as one that may be written; where not, says why."""
        path = self._strip_protocol(path)
        if self._read_only:
            raise PermissionError(f"{path}: the file system is open for reading only")
        if not path.startswith("@") or not _is_name(path[1:].split("/")[0]):
            raise PermissionError(f"{path!r} cannot be written: blocks do not change; a path that is written begins with a "
                                  "name, as acid://@NAME/file")
        return str(path)

    def pipe_file(self, path: str, value: Any, mode: str = "overwrite", **kwargs: Any) -> None:
        """Stores bytes under a path."""
        path = self._writable(path)
        if mode == "create" and self.exists(path):
            raise FileExistsError(path)
        self._put(path, value)

    def put_file(self, lpath: str, rpath: str, callback: Any = None, mode: str = "overwrite", **kwargs: Any) -> None:
        """Stores a file of this machine under a path, from where it is mapped."""
        rpath = self._writable(rpath)
        if os.path.isdir(lpath):
            return  # a directory is there with its first file
        if mode == "create" and self.exists(rpath):
            raise FileExistsError(rpath)
        with open(lpath, "rb") as file:
            length = os.fstat(file.fileno()).st_size
            if length == 0:
                self._put(rpath, file.read())
            else:
                with mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ) as mapped:
                    self._put(rpath, mapped)
        if callback is not None:
            callback.set_size(length)
            callback.absolute_update(length)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Gives a file another path; what is stored already is not copied."""
        path1, path2 = self._strip_protocol(path1), self._writable(path2)
        place = self._locate(path1)
        if place.is_directory:
            return
        if place.kind in ("file", "block") and place.cid is not None:
            self._link(path2, place.cid)
        else:
            self._put(path2, self._bytes(place))

    def _put(self, path: str, data: Any) -> None:
        self._link(path, self.store.put_raw(data).cid)

    def _link(self, path: str, cid: Cid) -> None:
        """Makes a path lead to a block that is stored."""
        name, rest = self._split(path)

        def changed(files: dict[str, str]) -> None:
            if any(each.startswith(rest + "/") for each in files):
                raise IsADirectoryError(path)
            above = posixpath.dirname(rest)
            while above:
                if above in files:
                    raise NotADirectoryError(path)
                above = posixpath.dirname(above)
            files[rest] = str(cid)

        if rest:
            self._change(name, path, changed)
            return
        named = self.store.resolve(name)
        if named is not None and self._within(path, named, "").kind == "files":
            raise IsADirectoryError(path)
        self.store.set_name(name, cid)

    def _change(self, name: str, path: str, change: Callable[[dict[str, str]], None]) -> None:
        """Moves a name to a changed version of its directory; again where another caller came first."""
        while True:
            named = self.store.resolve(name)
            files = {} if named is None else self._files_of(named)
            if files is None:
                raise NotADirectoryError(f"{path}: @{name} is not a directory of files")
            paths = {each: file["cid"] for each, file in files.items()}
            change(paths)
            try:
                if paths:
                    self.store.set_name(name, self.store.put_directory(paths).cid, expected=named)
                elif named is not None:
                    self.store.remove_name(name, expected=named)
                return
            except NameConflict:
                continue
            except NameNotFound:
                continue

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Nothing: a directory is there with its first file. ``FileExistsError`` where there is a file."""
        if self.isfile(path):
            raise FileExistsError(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Nothing: a directory is there with its first file."""
        if self.isfile(path) or not exist_ok and self.exists(path):
            raise FileExistsError(path)

    def rmdir(self, path: str) -> None:
        """Nothing where there is no such directory: one goes with its last file."""
        if self.exists(path):
            raise OSError(f"{path} is not empty")

    def rm_file(self, path: str) -> None:
        """Takes a file out of the directory that a name points to, or a name away. The blocks stay."""
        self._remove(self._writable(path), is_recursive=False)

    _rm = rm_file

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """Takes files away, with ``recursive`` directories and names. The blocks stay."""
        for each in path if isinstance(path, list) else [path]:
            stripped = self._writable(each)
            if self.exists(stripped) and (maxdepth is None or not recursive):
                self._remove(stripped, recursive)
                continue
            for found in reversed(self.expand_path(stripped, recursive=recursive, maxdepth=maxdepth)):
                if self.exists(found):
                    self._remove(found, recursive and maxdepth is None)

    def _remove(self, path: str, is_recursive: bool) -> None:
        place = self._locate(path)
        if place.kind == "names":
            if not is_recursive:
                raise IsADirectoryError(path)
            for each in self.store.names():
                if each.name.startswith(place.rest):
                    self.store.remove_name(each.name)
            return
        name, rest = self._split(path)
        if not rest:
            if place.kind == "files" and not is_recursive:
                raise IsADirectoryError(path)
            self.store.remove_name(name)
            return
        if place.kind == "files" and not is_recursive:
            raise IsADirectoryError(path)

        def changed(files: dict[str, str]) -> None:
            for each in [each for each in files if each == rest or each.startswith(rest + "/")]:
                del files[each]

        self._change(name, path, changed)


class StoreFile(io.BufferedIOBase):
    """A file that is read. ``getbuffer()`` gives its bytes without a copy."""

    mode = "rb"

    def __init__(self, fs: StoreFileSystem, path: str, view: memoryview) -> None:
        self.fs, self.path, self.size = fs, path, len(view)
        self._view, self._at = view, 0

    @property
    def full_name(self) -> str:
        """The path with the protocol."""
        return f"acid://{self.path}"

    def getbuffer(self) -> memoryview:
        """All bytes, read-only, as they are mapped."""
        self._check()
        return self._view

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        self._check()
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._check()
        start = {0: 0, 1: self._at, 2: self.size}.get(whence)
        if start is None:
            raise ValueError(f"whence is 0, 1 or 2, not {whence}")
        if start + offset < 0:
            raise ValueError("a position before the file")
        self._at = start + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        self._check()
        end = self.size if size is None or size < 0 else min(self._at + size, self.size)
        data = bytes(self._view[self._at:end])
        self._at += len(data)
        return data

    read1 = read

    def readinto(self, target: Any) -> int:
        self._check()
        into = memoryview(target).cast("B")
        count = max(0, min(len(into), self.size - self._at))
        into[:count] = self._view[self._at:self._at + count]
        self._at += count
        return count

    readinto1 = readinto

    def readline(self, size: int | None = -1) -> bytes:
        self._check()
        most = self.size if size is None or size < 0 else min(self._at + size, self.size)
        at = self._at
        while at < most:
            end = min(at + 8192, most)
            found = bytes(self._view[at:end]).find(b"\n")
            if found >= 0:
                most = at + found + 1
                break
            at = end
        return self.read(max(0, most - self._at))

    def readuntil(self, char: bytes = b"\n", blocks: int | None = None) -> bytes:
        """The bytes up to and with one that is looked for."""
        start, data = self._at, bytes(self._view[self._at:])
        found = data.find(char)
        self._at = start + (len(data) if found < 0 else found + len(char))
        return data[:self._at - start]

    def _check(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")


class StoreUpload(io.BytesIO):
    """A file that is written: it is stored when it is closed, or with its transaction. Where a ``with`` ends by an exception,
    nothing is stored."""

    mode = "wb"

    def __init__(self, fs: StoreFileSystem, path: str, autocommit: bool, start: bytes) -> None:
        super().__init__()
        self.fs, self.path, self.autocommit = fs, path, autocommit
        self._data: bytes | None = None
        self.write(start)

    def readable(self) -> bool:
        return False

    def close(self) -> None:
        if self.closed:
            return
        self._data = self.getvalue()
        super().close()
        if self.autocommit:
            self.commit()

    def commit(self) -> None:
        """Stores what was written."""
        data, self._data = self._data, None
        if data is not None:
            self.fs._put(self.fs._strip_protocol(self.path), data)

    def discard(self) -> None:
        """Forgets what was written."""
        self.autocommit, self._data = False, None
        super().close()

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is not None:
            self.discard()
        self.close()

    def __del__(self) -> None:
        # What was not closed is not stored.
        self.autocommit = False


def _is_name(text: str) -> bool:
    """Whether a text may be a name."""
    return 0 < len(text.encode("utf-8", "surrogatepass")) <= 255 and text == text.strip(" ") and not any(
        ord(each) < 32 or 127 <= ord(each) < 160 for each in text)


def _time_of(nanoseconds: int) -> datetime.datetime:
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return start + datetime.timedelta(microseconds=nanoseconds // 1000)


def _made(write: Callable[[int, Any], Any]) -> memoryview:
    """A file that the library writes, mapped; it goes when nothing refers to it."""
    length = c_int64()
    with tempfile.TemporaryFile(prefix="arrowcid-") as file:
        write(file.fileno(), byref(length))
        return memoryview(mmap.mmap(file.fileno(), length.value, access=mmap.ACCESS_READ))
