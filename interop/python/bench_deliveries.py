"""How `bench_ipc.py` brings batches to several consumers as they are made: by a store, by Redis and by sockets.

Each has `prepare` and then `send` for the process that makes them, and `consume` for the others, which calls `ready` once
nothing that comes can be missed, reads one value of each batch, and gives the number of bytes that came.
"""
import contextlib

from bench_ways import first_value, read, to_stream
from bench_wire import LENGTH, PATIENCE_S, RedisClient, Taker, listen

CHANNEL = b"batches"
RING_BYTES, SEGMENT_BYTES = 256 << 20, 32 << 20


class StoreDelivery:
    """ArrowCid: put once, into a ring that goes on from run to run; the consumers watch, and get each batch over the
    mapping."""

    def __init__(self, place):
        import arrowcid

        self._arrowcid = arrowcid
        self._path = place.path("ring")
        self._store = None

    @contextlib.contextmanager
    def prepare(self):
        if self._store is None:
            self._store = self._arrowcid.open(self._path, capacity=RING_BYTES, segment_size=SEGMENT_BYTES,
                                              retention="ring")
        yield

    def accept(self, count):
        pass

    def send(self, batch):
        return self._store.put(batch).length

    def consume(self, count, ready):
        with self._arrowcid.open(self._path, read_only=True, must_exist=True) as store, store.watch() as watch:
            ready()
            total = 0
            for _ in range(count):
                heard = watch.next(PATIENCE_S)
                first_value(store[heard.cid].to_pyarrow())
                total += heard.length
            return total


class RedisDelivery:
    """Redis: SET and PUBLISH of the key in one pipeline; the consumers subscribe, and GET each."""

    def __init__(self, place):
        self._path = place.redis

    @contextlib.contextmanager
    def prepare(self):
        self._client, self._sent = RedisClient(self._path), 0
        yield
        self._client.ask(b"FLUSHALL", b"SYNC")
        self._client.close()

    def accept(self, count):
        pass

    def send(self, batch):
        stream, key = to_stream(batch), b"%d" % self._sent
        self._sent += 1
        self._client.send((b"SET", key, stream), (b"PUBLISH", CHANNEL, key))
        self._client.answer()
        self._client.answer()
        return stream.size

    def consume(self, count, ready):
        client, subscriber = RedisClient(self._path), RedisClient(self._path)
        subscriber.ask(b"SUBSCRIBE", CHANNEL)
        ready()
        total = 0
        for _ in range(count):
            _, _, key = subscriber.answer()
            stream = client.ask(b"GET", key)
            read(stream)
            total += len(stream)
        client.close()
        subscriber.close()
        return total


class SocketDelivery:
    """A Unix socket to each consumer, on which the maker sends the bytes of each batch in turn."""

    def __init__(self, place):
        self._path = place.path("deliver.sock")

    @contextlib.contextmanager
    def prepare(self):
        self._peers = []
        with listen(self._path) as self._listener:
            yield
        for peer in self._peers:
            peer.close()

    def accept(self, count):
        self._peers = [self._listener.accept()[0] for _ in range(count)]

    def send(self, batch):
        stream = to_stream(batch)
        for peer in self._peers:
            peer.sendall(LENGTH.pack(stream.size))
            peer.sendall(stream)
        return stream.size

    def consume(self, count, ready):
        taker = Taker(self._path)
        ready()
        total = 0
        for _ in range(count):
            stream = taker.take()
            read(stream)
            total += len(stream)
        taker.socket.close()
        return total


DELIVERIES = {"store": StoreDelivery, "redis": RedisDelivery, "socket": SocketDelivery}
