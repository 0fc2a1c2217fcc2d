"""Arrow record batches by content address, over Arrow Flight: a client of ``arrowcid serve`` that needs pyarrow and either
the package ``arrowcid`` or numpy and the file ``canonical.py`` beside this one.

    with arrowcid_flight.connect("grpc://127.0.0.1:8815", token) as client:
        ack = client.put(batch, tags={"day": "monday"})
        batch = client.get(ack.cid)                      # raises Mismatch where it is not what the CID says

What comes over the network is encoded again in the canonical form and hashed, so that neither server nor network has to be
trusted. Where the server is on this machine and the package ``arrowcid`` is installed, ``get`` and ``get_many`` read the
server's store in place, without a copy (``client.is_local``). README: FLIGHT.md beside this file.
"""
import dataclasses
import functools
import hashlib
import importlib
import itertools
import json
import os
import threading
import time
from typing import Any, Dict, Iterable, Iterator, List, Optional, Union

import pyarrow as pa
import pyarrow.flight as fl

__all__ = ["Ack", "Client", "Entry", "Mismatch", "StoreEvent", "cid_of", "connect", "local_token"]


class Mismatch(ValueError):
    """What came does not hash to the CID that was asked for."""


@dataclasses.dataclass(frozen=True)
class Ack:
    """The result of a batch that was put, or (``is_stream``) of the whole stream."""
    cid: str
    rows: int = 0
    bytes: int = 0
    is_new: bool = False
    index: int = 0
    schema_cid: str = ""
    is_stream: bool = False
    name: str = ""
    skipped: int = 0
    is_repaired: bool = False


@dataclasses.dataclass(frozen=True)
class Entry:
    """A batch that is listed; ``known`` is all that the server said, as parsed JSON."""
    cid: str
    rows: int
    bytes: int
    schema: pa.Schema
    known: Dict[str, Any]


@dataclasses.dataclass(frozen=True)
class StoreEvent:
    """A put that was heard, or of kind ``name`` a change of a name, which points to ``cid`` since. ``cursor`` stands behind it: a watch that begins there hears what came after."""
    kind: str
    cid: Optional[str]
    rows: int
    bytes: int
    facts: Optional[Dict[str, Any]]
    gap: Optional[Dict[str, Any]]
    cursor: str
    name: Optional[str] = None
    old_cid: Optional[str] = None


def cid_of(batch: pa.RecordBatch) -> str:
    """The CID of a batch, computed here."""
    library = _library()
    if library is not None:
        return str(library.cid(batch))
    import canonical
    return canonical.cid(canonical.encode(batch))


def local_token(directory: Union[str, os.PathLike]) -> str:
    """The token that a server on this machine wrote into its store's directory."""
    with open(os.path.join(directory, "serve.token"), encoding="ascii") as file:
        return file.read().strip()


def connect(address: str, token: Optional[str] = None, *, timeout: Optional[float] = 60, tls_root_certs: Optional[bytes] = None,
            cert_chain: Optional[bytes] = None, private_key: Optional[bytes] = None, local: bool = True,
            compression: Optional[str] = None) -> "Client":
    """Connects to ``grpc://HOST:PORT``, or ``grpc+tls://HOST:PORT`` with the certificates as PEM.

    :param token: what the server knows the caller by; without one a server on this machine gives batches by CID alone.
    :param timeout: seconds that a call may take, watches apart; None for no limit.
    :param local: whether a store that turns out to be on this machine is read in place.
    :param compression: ``"lz4"`` or ``"zstd"`` has the server compress the batches that it sends, for slow networks.
    """
    tls = {name: value for name, value in (("tls_root_certs", tls_root_certs), ("cert_chain", cert_chain),
                                           ("private_key", private_key)) if value is not None}
    return Client(fl.connect(address, **tls), token, timeout, local, compression)


class Client:
    """A connection. Its methods raise pyarrow's own errors: ``KeyError`` where something is not there,
    ``pyarrow.ArrowInvalid`` where a request is wrong, ``pyarrow.flight.FlightUnauthenticatedError`` without the token."""

    def __init__(self, flight: fl.FlightClient, token: Optional[str] = None, timeout: Optional[float] = 60,
                 local: bool = True, compression: Optional[str] = None):
        #: The client of pyarrow below, for all that is not here.
        self.flight = flight
        self._headers = [(b"authorization", b"Bearer " + token.encode())] if token else []
        if compression:
            self._headers.append((b"arrowcid-compression", compression.encode()))
        self._timeout = timeout
        self._local: Any = None
        self._may_be_local = local
        self._lock = threading.Lock()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection. Batches that were read in place stay valid."""
        with self._lock:
            local, self._local, self._may_be_local = self._local, None, False
        if local is not None:
            local.close()
        self.flight.close()

    # ---- the store itself

    @property
    def local_store(self) -> Any:
        """The server's store as an ``arrowcid.Store``, open for reading, where the server is on this machine; else
        None: on another machine or in a container with other files, without the package ``arrowcid``, or without the
        right to read the files."""
        with self._lock:
            if self._may_be_local:
                self._may_be_local = False
                self._local = self._open_local()
            return self._local

    @property
    def is_local(self) -> bool:
        """Whether batches are read in the server's own store, without a copy."""
        return self.local_store is not None

    # ---- fetching

    def get(self, cid: str, *, verify: bool = True) -> pa.RecordBatch:
        """The batch that has a CID, proved. ``verify=False`` believes the server. A store on this machine is read in
        place: a block is proved there once since the machine was started, by whichever process is first."""
        batch = self._get_local(cid)
        if batch is not None:
            return batch
        return next(self._batches(self._reader(cid.encode()), verify, cid))

    def get_many(self, cids: Iterable[str], *, verify: bool = True) -> Iterator[pa.RecordBatch]:
        """Batches of one schema in the order of their CIDs, in one exchange; raises KeyError at one that is not there."""
        rest, schema = iter(cids), None
        cid = next(rest, None)
        while cid is not None:
            batch = self._get_local(cid)
            if batch is None:
                break
            schema = _same_schema(cid, batch, schema)
            yield batch
            cid = next(rest, None)
        if cid is None:
            return
        writer, reader = self.flight.do_exchange(fl.FlightDescriptor.for_path("get"), self._options())
        with writer:
            for cid in itertools.chain([cid], rest):
                writer.write_metadata(cid.encode())
                chunk = reader.read_chunk()
                mark = chunk.app_metadata.to_pybytes().decode()
                if chunk.data is None:
                    _, _, why = mark.partition(" ")
                    raise KeyError(f"{cid}: {why}")
                schema = _same_schema(cid, chunk.data, schema)
                yield _proved(chunk.data, cid, mark, verify)

    def read(self, *, name: Optional[str] = None, cids: Iterable[str] = (), columns: Iterable[str] = (), first_row: int = 0,
             rows: int = 0, verify: bool = True) -> pa.Table:
        """The batches of a name or of several CIDs as a table: some columns, or some rows of the whole. Whole batches are
        proved; parts of them cannot be."""
        whole = not (columns or first_row or rows)
        request: Dict[str, Any] = {"cids": list(cids), "columns": list(columns), "firstRow": first_row, "rows": rows}
        if name is not None:
            request["name"] = name
        reader = self._reader(json.dumps(request).encode())
        return pa.Table.from_batches(list(self._batches(reader, verify and whole)), schema=reader.schema)

    def schema(self, cid_or_name: str) -> pa.Schema:
        """The schema of a batch or a dataset."""
        return self.flight.get_schema(fl.FlightDescriptor.for_path(cid_or_name), self._options()).schema

    def info(self, cid_or_name: str) -> fl.FlightInfo:
        """Rows, bytes and endpoints of a batch or a dataset."""
        return self.flight.get_flight_info(fl.FlightDescriptor.for_path(cid_or_name), self._options())

    # ---- putting

    def put(self, batch: pa.RecordBatch, **how: Any) -> Ack:
        """Puts a batch; keywords as for :meth:`put_all`. Its CID is compared with the one computed here only where
        ``expected_cid`` says so: then the server stores nothing else."""
        return self.put_all([batch], **how)[0]

    def put_all(self, batches: Iterable[pa.RecordBatch], schema: Optional[pa.Schema] = None, *, name: Optional[str] = None,
                tags: Optional[Dict[str, str]] = None, producer: Optional[str] = None, json_facts: Any = None, pin: bool = False,
                dataset: bool = False, expected_cid: Optional[str] = None, cut_rows: int = 0, cut_bytes: int = 0,
                cut_milliseconds: int = 0) -> List[Ack]:
        """Puts batches of one schema, each a block; with ``cut_…`` they are joined and recut. They are sent as they come,
        but gathered first where there is a name or a dataset to be made of them.

        :returns: an Ack for each block, then, where the stream has a name or is a dataset, one for the whole.
        """
        how = {"name": name, "tags": tags, "producer": producer, "pin": pin, "dataset": dataset, "expectedCid": expected_cid,
               "cutRows": cut_rows, "cutBytes": cut_bytes, "cutMilliseconds": cut_milliseconds,
               "json": None if json_facts is None else json.dumps(json_facts)}
        command = json.dumps({key: value for key, value in how.items() if value}).encode()
        # pyarrow cannot break a put off, and ends it well where the caller's batches end in an error: then nothing must be
        # named that is half.
        rest = iter(list(batches) if name or dataset else batches)
        first = next(rest, None)
        if first is None and schema is None:
            raise ValueError("a put of no batches needs a schema")
        writer, reader = self.flight.do_put(fl.FlightDescriptor.for_command(command), schema or first.schema,  # type: ignore[union-attr]
                                            options=self._options())
        while first is not None:
            writer.write_batch(first)
            first = next(rest, None)
        writer.done_writing()
        acks: List[Ack] = []
        try:
            while (answer := reader.read()) is not None:
                acks.append(_ack(json.loads(answer.to_pybytes())))
        finally:
            # Here, and not before, pyarrow raises why a put was refused.
            writer.close()
        return acks

    # ---- what is there

    def list(self, filter: str = "", limit: int = 0) -> Iterator[Entry]:
        """Batches that pass a filter (``rows > 100 and tag.day = "monday"``), the newest first, 1,000 unless told."""
        criteria = json.dumps({"filter": filter, "limit": limit}).encode()
        for info in self.flight.list_flights(criteria, self._options()):
            known = json.loads(info.app_metadata) if info.app_metadata else {}
            yield Entry(info.descriptor.path[0].decode(), info.total_records, info.total_bytes, info.schema, known)

    def catalog(self, filter: str = "") -> pa.Table:
        """The registry as a table."""
        return self._reader(json.dumps({"catalog": True, "filter": filter}).encode()).read_all()

    def watch(self, since: str = "now", filter: str = "", *, names: str = "", puts: bool = True, heartbeat: int = 15,
              patience: float = 60, ready: Any = None) -> Iterator[StoreEvent]:
        """What is put, as it is put, without end. Where the server goes away the watch asks again from where it was, for
        ``patience`` seconds, and loses nothing that the store still has.

        :param since: ``now``, ``oldest``, or the cursor of an event.
        :param names: a pattern of names whose changes are told too: ``prices/*``; empty: none.
        :param puts: whether puts are told.
        :param ready: is called with the first cursor, once whatever is put will be heard.
        """
        gone: Optional[float] = None
        while True:
            request = {"watch": True, "from": since, "filter": filter, "heartbeatSeconds": heartbeat}
            if names:
                request["names"] = names
            if not puts:
                request["withoutPuts"] = True
            try:
                options = fl.FlightCallOptions(headers=self._headers)
                reader = self.flight.do_get(fl.Ticket(json.dumps(request).encode()), options)
                while True:
                    chunk = reader.read_chunk()
                    gone = None
                    if ready is not None:
                        ready(chunk.app_metadata.to_pybytes().decode())
                        ready = None
                    for row in chunk.data.to_pylist():
                        since = row["cursor"]
                        yield StoreEvent(row["kind"], row["cid"], row["rows"], row["bytes"], _parsed(row["facts"]),
                                           _parsed(row["gap"]), since, row.get("name"), row.get("oldCid"))
                    since = chunk.app_metadata.to_pybytes().decode()
            except (fl.FlightUnavailableError, StopIteration):
                gone = gone or time.monotonic()
                if time.monotonic() - gone > patience:
                    raise
                time.sleep(0.2)

    # ---- facts and names

    def resolve(self, name: str, as_of: Optional[str] = None) -> Optional[str]:
        """The CID that a name points to, or pointed to at an instant; None where there is no such name."""
        try:
            return self.act("resolve", name=name, **({"asOf": as_of} if as_of else {}))["cid"]
        except KeyError:
            return None

    def set_name(self, name: str, cid: Optional[str], **expected: Optional[str]) -> Dict[str, Any]:
        """Makes a name point to a CID, or removes it. With ``expected=CID`` only if it points to that one now."""
        return self.act("name", name=name, cid=cid, **expected)

    def describe(self, cid: str) -> Dict[str, Any]:
        """All that is known of a block."""
        return self.act("describe", cid=cid)

    def tag(self, cid: str, key: str, value: Optional[str] = None) -> None:
        """Sets a tag, or takes it away."""
        self.act("tag", cid=cid, key=key, **({} if value is None else {"value": value}))

    def find_missing(self, cids: Iterable[str]) -> List[str]:
        """Those of some CIDs that the server does not have."""
        return self.act("find-missing", cids=list(cids))["missing"]

    def pin(self, cid: str) -> None:
        """Keeps a block from removal."""
        self.act("pin", cid=cid)

    def unpin(self, cid: str) -> bool:
        """Lets it go; whether it was pinned."""
        return self.act("unpin", cid=cid)["wasPinned"]

    def act(self, action: str, **body: Any) -> Dict[str, Any]:
        """Any action of the server by its name; ``actions()`` tells them."""
        answer = self.flight.do_action(fl.Action(action, json.dumps(body).encode()), self._options())
        return json.loads(next(iter(answer)).body.to_pybytes() or b"{}")

    def actions(self) -> Dict[str, str]:
        """The server's actions, and what each does."""
        return {action.type: action.description for action in self.flight.list_actions(self._options())}

    def _open_local(self) -> Any:
        library = _library()
        if library is None:
            return None
        try:
            options = fl.FlightCallOptions(timeout=5, headers=self._headers)
            place = json.loads(next(iter(self.flight.do_action(fl.Action("where", b""), options))).body.to_pybytes())
            if place.get("proof") is None or _proof(place) != place["proof"]:
                return None
            store = library.open(place["directory"], read_only=True, must_exist=True, verify="first-read")
        except Exception:  # then it is read over the network, whose own errors say what is wrong
            return None
        if _proof(place) == place["proof"]:
            return store
        store.close()
        return None

    def _get_local(self, cid: str) -> Optional[pa.RecordBatch]:
        store = self.local_store
        if store is None:
            return None
        try:
            batch = store.get(cid)
            return None if batch is None else batch.to_pyarrow()
        except (ValueError, OSError, _library().ArrowCidError):  # damaged, or no batch: the server says what it is
            return None

    def _options(self) -> fl.FlightCallOptions:
        return fl.FlightCallOptions(timeout=self._timeout, headers=self._headers)

    def _reader(self, ticket: bytes) -> fl.FlightStreamReader:
        return self.flight.do_get(fl.Ticket(ticket), self._options())

    @staticmethod
    def _batches(reader: fl.FlightStreamReader, verify: bool, asked: Optional[str] = None) -> Iterator[pa.RecordBatch]:
        """The batches of a stream. A batch that came in slices is put together."""
        parts: List[pa.RecordBatch] = []
        for chunk in reader:
            mark = chunk.app_metadata.to_pybytes().decode() if chunk.app_metadata else ""
            cid, _, slice_ = mark.partition(" ")
            parts.append(chunk.data)
            number, _, count = slice_.partition("/")
            if slice_ and int(number) + 1 < int(count):
                continue
            batch = parts[0] if len(parts) == 1 else pa.Table.from_batches(parts).combine_chunks().to_batches()[0]
            parts = []
            yield _proved(batch, asked or cid, mark, verify)


def _proved(batch: pa.RecordBatch, cid: str, mark: str, verify: bool) -> pa.RecordBatch:
    if verify:
        found = cid_of(batch)
        if found != cid:
            raise Mismatch(f"what came is {found}, not {cid} (the server calls it '{mark}')")
    return batch


def _same_schema(cid: str, batch: pa.RecordBatch, schema: Optional[pa.Schema]) -> pa.Schema:
    if schema is not None and not batch.schema.equals(schema, check_metadata=True):
        raise KeyError(f"{cid}: SchemaMismatch")
    return batch.schema


@functools.lru_cache(maxsize=None)
def _library() -> Any:
    """The package ``arrowcid``, where it and its library can be loaded; else None."""
    try:
        return importlib.import_module("arrowcid")
    except Exception:
        return None


def _proof(place: Dict[str, Any]) -> Optional[str]:
    """What the server proves its store by (FLIGHT.md, `where`), as it is seen from here."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        control = os.stat(os.path.join(place["directory"], "ctl.v1"))
    except (OSError, ValueError):
        return None
    text = (f"arrowcid {boot} {place['store'].lower()} {os.major(control.st_dev)}:{os.minor(control.st_dev)} "
            f"{control.st_ino}")
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(text: Optional[str]) -> Optional[Dict[str, Any]]:
    return None if text is None else json.loads(text)


def _ack(said: Dict[str, Any]) -> Ack:
    return Ack(said.get("cid", ""), int(said.get("rows", 0)), int(said.get("bytes", 0)), said.get("isNew", False),
               int(said.get("index", 0)), said.get("schemaCid", ""), said.get("isStream", False), said.get("name", ""),
               int(said.get("skipped", 0)), said.get("isRepaired", False))
