"""The other sides of the benchmark `flight`: pyarrow's Flight server, and pyarrow's Flight client, which calls both.

    bench_flight.py serve ADDRESS [CERTIFICATE KEY]
    bench_flight.py measure

Lines in and out, `ready` first. The server:

    address                         where it listens
    load CID PATH                   has the batches of an IPC stream under a CID: `loaded`

The client, where SERVER is a name that it was told by `connect`:

    connect SERVER ADDRESS TOKEN [CERTIFICATE]      `connected`; TOKEN is - where there is none
    get SERVER CID COUNT            seconds of a DoGet of the CID's batches, COUNT times over in one stream
    table SERVER CID                seconds of a DoGet into a table
    info SERVER CID COUNT           the p50 and the p99 of a GetFlightInfo, in seconds
    put SERVER BYTES COUNT          seconds of a DoPut of COUNT new batches
    many SERVER CID COUNT CLIENTS   seconds until CLIENTS clients, each with a connection, have done a `get`
    hear SERVER COUNT               `hearing`, then when each of COUNT puts was seen (the clock of perf_counter)
"""
import json
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

COLUMNS = 8
SEED = 20260101


class Server(fl.FlightServerBase):
    """Batches from mapped files; once a stream has begun no Python runs."""

    def __init__(self, address, certificates):
        super().__init__(address, tls_certificates=certificates)
        scheme = address.split("://")[0]
        self.address = address if scheme == "grpc+unix" else f"{scheme}://127.0.0.1:{self.port}"
        self._batches = {}
        self._never = threading.Event()

    def load(self, cid, path):
        with pa.memory_map(path) as source:
            self._batches[cid] = list(pa.ipc.open_stream(source.read_buffer()))

    def do_get(self, context, ticket):
        asked = json.loads(ticket.ticket)
        if asked.get("watch"):
            schema = pa.schema([("n", pa.int64())])
            return fl.GeneratorStream(schema, self._watch(schema))
        batches = [batch for cid in asked["cids"] for batch in self._batches[cid]]
        return fl.RecordBatchStream(pa.RecordBatchReader.from_batches(batches[0].schema, batches))

    def get_flight_info(self, context, descriptor):
        batches = self._batches[descriptor.path[0].decode()]
        end = fl.FlightEndpoint(descriptor.path[0], [])
        return fl.FlightInfo(batches[0].schema, descriptor, [end], batches[0].num_rows, batches[0].nbytes)

    def do_put(self, context, descriptor, reader, writer):
        while True:
            try:
                reader.read_chunk()
            except StopIteration:
                return

    def _watch(self, schema):
        yield pa.record_batch([pa.array([], pa.int64())], schema)
        self._never.wait()

    def end(self):
        self._never.set()


class Numbers:
    """A batch of int64 columns, and the next one: the same memory with another first value."""

    def __init__(self, size):
        rows = size // 8 // COLUMNS
        values = np.random.default_rng(SEED).integers(0, 1 << 60, (COLUMNS, rows))
        self._first = values[0]
        arrays = [pa.Array.from_buffers(pa.int64(), rows, [None, pa.py_buffer(each)]) for each in values]
        self.batch = pa.RecordBatch.from_arrays(arrays, [f"c{i}" for i in range(COLUMNS)])

    def next(self):
        self._first[0] += 1
        return self.batch


class Client:
    """The calls that are timed, to one server."""

    def __init__(self, address, token, certificate=None):
        self._address = address
        roots = None
        if certificate is not None:
            with open(certificate, "rb") as file:
                roots = file.read()
        self._options = {"tls_root_certs": roots}
        headers = [] if token == "-" else [(b"authorization", b"Bearer " + token.encode())]
        self._call = fl.FlightCallOptions(headers=headers)
        self._flight = fl.connect(address, **self._options)
        self._numbers = {}

    def get(self, cid, count, flight=None):
        ticket = fl.Ticket(json.dumps({"cids": [cid] * int(count)}).encode())
        start = time.perf_counter()
        reader = (flight or self._flight).do_get(ticket, self._call)
        batches = 0
        while True:
            try:
                reader.read_chunk()
            except StopIteration:
                break
            batches += 1
        seconds = time.perf_counter() - start
        if batches != int(count):
            raise RuntimeError(f"{batches} batches came, and {count} were asked for")
        return seconds

    def table(self, cid):
        start = time.perf_counter()
        self._flight.do_get(fl.Ticket(json.dumps({"cids": [cid]}).encode()), self._call).read_all()
        return time.perf_counter() - start

    def info(self, cid, count):
        descriptor, times = fl.FlightDescriptor.for_path(cid), []
        for _ in range(int(count)):
            start = time.perf_counter()
            self._flight.get_flight_info(descriptor, self._call)
            times.append(time.perf_counter() - start)
        times.sort()
        return f"{times[len(times) // 2]} {times[len(times) * 99 // 100]}"

    def put(self, size, count):
        numbers = self._numbers.setdefault(size, Numbers(int(size)))
        start = time.perf_counter()
        writer, reader = self._flight.do_put(fl.FlightDescriptor.for_path("put"), numbers.batch.schema, self._call)
        for _ in range(int(count)):
            writer.write_batch(numbers.next())
        writer.done_writing()
        answers = []
        while (answer := reader.read()) is not None:
            answers.append(json.loads(answer.to_pybytes()))
        writer.close()
        seconds = time.perf_counter() - start
        if answers and not (len(answers) == int(count) and all(each["isNew"] for each in answers)):
            raise RuntimeError("not every batch was put as a new one")
        return seconds

    def many(self, cid, count, clients):
        alone = [("grpc.use_local_subchannel_pool", 1)]
        connections = [fl.connect(self._address, generic_options=alone, **self._options) for _ in range(int(clients))]
        faults = []

        def run(connection):
            try:
                self.get(cid, count, connection)
            except Exception as fault:  # said by the thread that waits
                faults.append(fault)

        threads = [threading.Thread(target=run, args=(each,)) for each in connections]
        start = time.perf_counter()
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        seconds = time.perf_counter() - start
        for each in connections:
            each.close()
        if faults:
            raise faults[0]
        return seconds

    def hear(self, count):
        reader = self._flight.do_get(fl.Ticket(b'{"watch": true}'), self._call)
        reader.read_chunk()
        print("hearing", flush=True)
        times = []
        while len(times) < int(count):
            rows = reader.read_chunk().data.num_rows
            times += [time.perf_counter()] * rows
        reader.cancel()
        return " ".join(repr(each) for each in times)


def serve(address, certificate=None, key=None):
    pairs = []
    if certificate is not None:
        with open(certificate, "rb") as one, open(key, "rb") as other:
            pairs = [(one.read(), other.read())]
    server = Server(address, pairs)
    print("ready", flush=True)
    for line in sys.stdin:
        what, *words = line.split()
        if what == "load":
            server.load(*words)
            print("loaded", flush=True)
        else:
            print(server.address, flush=True)
    server.end()
    server.shutdown()


def measure():
    clients = {}
    print("ready", flush=True)
    for line in sys.stdin:
        what, server, *words = line.split()
        if what == "connect":
            clients[server] = Client(*words)
            print("connected", flush=True)
        else:
            print(getattr(clients[server], what)(*words), flush=True)


def main():
    import signal

    # An interrupt ends the command, and with it the standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    {"serve": serve, "measure": measure}[sys.argv[1]](*sys.argv[2:])


main()
