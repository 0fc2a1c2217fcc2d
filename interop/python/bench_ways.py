"""The ways of `bench_ipc.py`: how a batch that one process made comes to another, ours and the usual ones.

Each has `hold` for the process that made the batch, which says where it is, and `open` for the other process, which takes
that and gives a function that gets the batch as a pyarrow RecordBatch and reads one value of it. What can be kept open
between two gets is opened by `open`.
"""
import functools
import threading

import pyarrow as pa

from bench_wire import LENGTH, RedisClient, Taker, listen


def first_value(batch):
    return batch.column(0)[0].as_py()


def to_stream(batch):
    """The bytes of an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def read(source):
    """Opens an Arrow IPC stream over memory without copying it, and reads a value."""
    with pa.ipc.open_stream(source) as reader:
        return first_value(reader.read_next_batch())


class Way:
    """What nothing is left of but memory and files of the run's own place."""

    def end(self):
        pass


class Store(Way):
    """ArrowCid: a batch over the mapping of a store that is kept open."""

    def __init__(self, place):
        import arrowcid

        self._arrowcid = arrowcid
        self._path = place.path("store")
        self._options = {"capacity": place.capacity}

    def hold(self, batch):
        # What was put stays, and a writer's lane is free for the next size.
        with self._arrowcid.open(self._path, **self._options) as store:
            return str(store.put(batch).cid)

    def open(self, text):
        store = self._arrowcid.open(self._path, read_only=True, must_exist=True)
        cid = self._arrowcid.Cid(text)
        return functools.partial(self.get, store, cid)

    def get(self, store, cid):
        return first_value(store[cid].to_pyarrow())


class CData(Store):
    """ArrowCid: the capsules of C Data structs over the mapping, without pyarrow; no value is read."""

    def get(self, store, cid):
        return store[cid].__arrow_c_array__()


class Opened(Store):
    """ArrowCid: a pyarrow RecordBatch; no value is read."""

    def get(self, store, cid):
        return store[cid].to_pyarrow()


class Flight(Way):
    """pyarrow Flight over loopback; the server has the batch at hand, the client is kept."""

    def __init__(self, place):
        import pyarrow.flight

        self._flight = pyarrow.flight

    def hold(self, batch):
        flight = self._flight

        class Server(flight.FlightServerBase):
            def do_get(self, context, ticket):
                return flight.RecordBatchStream(pa.RecordBatchReader.from_batches(batch.schema, [batch]))

        self._server = Server("grpc://127.0.0.1:0")
        return f"grpc://127.0.0.1:{self._server.port}"

    def open(self, address):
        client = self._flight.connect(address)
        ticket = self._flight.Ticket(b"batch")
        return lambda: first_value(client.do_get(ticket).read_chunk().data)

    def end(self):
        self._server.shutdown()


class Shared(Way):
    """multiprocessing.shared_memory with an IPC stream in it, attached to and left each time."""

    def __init__(self, place):
        from multiprocessing import shared_memory

        self._new = shared_memory.SharedMemory
        self._name = place.name + "-shared"
        # Before Python 3.13 each process tells a tracker of its own, which takes longer.
        self._options = {"track": False} if hasattr(self._new, "_track") else {}

    def hold(self, batch):
        stream = to_stream(batch)
        self._memory = self._new(self._name, create=True, size=stream.size, **self._options)
        self._memory.buf[:stream.size] = memoryview(stream).cast("B")
        return self._name

    def open(self, name):
        def get():
            memory = self._new(name, **self._options)
            value = read(pa.py_buffer(memory.buf))
            memory.close()
            return value

        return get

    def end(self):
        self._memory.close()
        self._memory.unlink()


class Mapped(Way):
    """pyarrow.memory_map of a file in shared memory, opened and closed each time."""

    def __init__(self, place):
        self._path = place.path("mapped")

    def hold(self, batch):
        with open(self._path, "wb") as file:
            file.write(to_stream(batch))
        return self._path

    def open(self, path):
        def get():
            with pa.memory_map(path) as source:
                return read(source)

        return get


class Kept(Mapped):
    """An IPC stream in memory that is mapped once and for all: what pyarrow needs to open it."""

    def open(self, path):
        mapped = pa.memory_map(path)
        whole = mapped.read_buffer(mapped.size())
        return lambda: read(whole)


class Redis(Way):
    """Redis over its Unix socket, with a connection and a buffer that are kept."""

    def __init__(self, place):
        self._path = place.redis

    def hold(self, batch):
        RedisClient(self._path).ask(b"SET", b"batch", to_stream(batch))
        return "batch"

    def open(self, key):
        client, name = RedisClient(self._path), key.encode()
        return lambda: read(client.ask(b"GET", name))


class Lmdb(Way):
    """LMDB through the module lmdb: the environment is kept, a transaction each time, the value is not copied."""

    def __init__(self, place):
        import lmdb

        self._path = place.path("lmdb")
        self._options = {"map_size": place.capacity, "sync": False}
        self._module = lmdb

    def hold(self, batch):
        with self._module.open(self._path, **self._options) as environment, environment.begin(write=True) as writing:
            writing.put(b"batch", to_stream(batch))
        return "batch"

    def open(self, key):
        environment, name = self._module.open(self._path, readonly=True, **self._options), key.encode()

        def get():
            with environment.begin(buffers=True) as reading:
                return read(pa.py_buffer(reading.get(name)))

        return get


class Socket(Way):
    """A Unix socket on which the other process sends the bytes when it is asked to; the buffer is kept."""

    def __init__(self, place):
        self._path = place.path("get.sock")

    def hold(self, batch):
        stream = to_stream(batch)
        listener = listen(self._path)

        def serve():
            peer, _ = listener.accept()
            while peer.recv(1):
                peer.sendall(LENGTH.pack(stream.size))
                peer.sendall(stream)

        threading.Thread(target=serve, daemon=True).start()
        return self._path

    def open(self, path):
        taker = Taker(path)

        def get():
            taker.socket.sendall(b"?")
            return read(taker.take())

        return get


WAYS = {
    "store": Store, "c-data": CData, "opened": Opened, "flight": Flight, "shared": Shared, "mapped": Mapped, "kept": Kept,
    "redis": Redis, "lmdb": Lmdb, "socket": Socket,
}
