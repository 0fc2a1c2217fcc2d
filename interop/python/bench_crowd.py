"""Measures `arrowcid serve` with many idle connections and many open streams of DoExchange.

    unshare -rn python3 interop/python/bench_crowd.py SERVE...

SERVE is the command without its verb (`dotnet PATH/ArrowCid.Cli.dll`). The script needs a network namespace of its own
(`unshare -rn`), because it gives the loopback device eight more addresses: the server counts the connections of each
address. It prints one JSON object per line. Python's standard library is enough; HTTP/2 is written by hand, so that a
connection costs this process one socket.
"""
import json
import os
import resource
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, SETTINGS, PING, GOAWAY, WINDOW, DATA, RESET = 1, 4, 6, 7, 8, 0, 3
END_STREAM, END_HEADERS, ACK = 1, 4, 1
SERVICE = "/arrow.flight.protocol.FlightService/"
ADDRESSES = [f"10.9.0.{number}" for number in range(1, 9)]


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A header field without indexing; both lengths are below 127."""
    return bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def headers(method, token):
    fields = [(":method", "POST"), (":scheme", "http"), (":path", SERVICE + method), (":authority", "localhost"),
              ("content-type", "application/grpc"), ("te", "trailers")]
    if token:
        fields.append(("authorization", "Bearer " + token))
    return b"".join(literal(name, value) for name, value in fields)


def message(payload=b""):
    return b"\0" + struct.pack(">I", len(payload)) + payload


class Connection:
    """One HTTP/2 connection. `heard` has, for each stream, whether it answered and how it ended."""

    def __init__(self, address, source=None):
        self.socket = socket.create_connection(address, timeout=30, source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.answered, self.ended = set(), set()
        window = struct.pack(">HI", 4, 1 << 20)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, window) + frame(WINDOW, 0, 0, struct.pack(">I", 1 << 30)))

    def call(self, stream, method, token="", body=b"", is_open=False):
        self.socket.sendall(frame(HEADERS, END_HEADERS, stream, headers(method, token)) +
                            frame(DATA, 0 if is_open else END_STREAM, stream, message(body)))

    def read(self):
        """Takes in what has come. False at the end of the connection."""
        got = self.socket.recv(1 << 16)
        if not got:
            return False
        self.buffer += got
        at = 0
        while len(self.buffer) - at >= 9:
            length = int.from_bytes(self.buffer[at:at + 3], "big")
            if len(self.buffer) - at < 9 + length:
                break
            kind, flags = self.buffer[at + 3], self.buffer[at + 4]
            stream = int.from_bytes(self.buffer[at + 5:at + 9], "big")
            payload = self.buffer[at + 9:at + 9 + length]
            at += 9 + length
            if kind == SETTINGS and not flags & ACK:
                self.socket.sendall(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.socket.sendall(frame(PING, ACK, 0, payload))
            elif kind == DATA:
                self.answered.add(stream)
            elif kind == GOAWAY:
                return False
            if kind == RESET or (kind in (HEADERS, DATA) and flags & END_STREAM):
                self.ended.add(stream)
        self.buffer = self.buffer[at:]
        return True

    def until(self, done):
        while not done():
            if not self.read():
                raise ConnectionError("the server closed the connection")


class Crowd:
    """Open connections whose pings are answered by a thread of their own."""

    def __init__(self):
        self.poll = select.epoll()
        self.members = {}
        self.lost = 0
        self.is_over = False
        self.thread = threading.Thread(target=self.answer, daemon=True)
        self.thread.start()

    def add(self, connection):
        self.members[connection.socket.fileno()] = connection
        self.poll.register(connection.socket.fileno(), select.EPOLLIN)

    def answer(self):
        while not self.is_over:
            for number, _ in self.poll.poll(0.2):
                connection = self.members.get(number)
                try:
                    is_open = connection is not None and connection.read()
                except OSError:
                    is_open = False
                if not is_open and connection is not None:
                    self.lost += 1
                    self.poll.unregister(number)
                    self.members.pop(number, None)

    def close(self):
        self.is_over = True
        self.thread.join()
        for connection in self.members.values():
            connection.socket.close()
        self.poll.close()


class Server:
    def __init__(self, command, folder, *flags):
        self.store = os.path.join(folder, "store")
        self.process = subprocess.Popen(
            [*command, "serve", "--store", self.store, "--flight", "0.0.0.0:0", "--http", "none",
             "--allow-insecure", "true", "--anonymous-read", "always", "--maintenance", "off", "--log", "none", *flags],
            stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("flight"):
                self.port = int(line.split()[-1].rsplit(":", 1)[1])
                break
        else:
            raise SystemExit("the server did not start")
        with open(os.path.join(self.store, "serve.token")) as file:
            self.token = file.read().strip()

    def memory(self):
        """The server's own memory in MiB."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def close(self):
        self.process.terminate()
        self.process.wait(120)


def show(**figures):
    print(json.dumps({name: round(value, 2) if isinstance(value, float) else value
                      for name, value in figures.items()}), flush=True)


def connect(server, source, to="10.9.0.1"):
    """A connection on which one call was made; None where the server refused it."""
    connection = None
    try:
        connection = Connection((to, server.port), source)
        connection.call(1, "ListActions", server.token)
        connection.until(lambda: 1 in connection.ended)
        return connection
    except OSError:
        if connection is not None:
            connection.socket.close()
        return None


def latency(connection, server, first, count=200):
    """The time of a call in ms: the median and the 99th percentile."""
    times = []
    for number in range(count):
        stream = first + 2 * number
        started = time.perf_counter()
        connection.call(stream, "ListActions", server.token)
        connection.until(lambda: stream in connection.ended)
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return times[count // 2], times[count * 99 // 100]


def hold(seconds, *connections):
    """Waits, and answers the pings of connections meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        for ready in select.select([each.socket for each in connections], [], [], left)[0]:
            next(each for each in connections if each.socket is ready).read()


def settle(server, *connections):
    hold(5, *connections)
    return server.memory()


def idle(command, folder):
    server = Server(command, folder)
    probe = connect(server, "10.9.0.9")
    before = settle(server, probe)
    p50, p99 = latency(probe, server, 3)
    show(what="no connection", memory_mib=before, call_p50_ms=p50, call_p99_ms=p99)
    crowd = Crowd()
    count, started = 0, time.monotonic()
    while count < 20_000 and (one := connect(server, "127.0.0.1", to="127.0.0.1")) is not None:
        crowd.add(one)
        count += 1
    show(what="connections from one address", accepted=count, seconds=time.monotonic() - started,
         memory_mib=settle(server, probe))
    for source in ADDRESSES:
        while (one := connect(server, source)) is not None:
            crowd.add(one)
            count += 1
        if count >= 16_383:
            break
    after = settle(server, probe)
    p50, p99 = latency(probe, server, 1001)
    show(what="idle connections", accepted=count, lost=crowd.lost, seconds=time.monotonic() - started,
         memory_mib=after, kib_each=(after - before) * 1024 / count, files=server.files(), call_p50_ms=p50,
         call_p99_ms=p99, is_one_more_refused=connect(server, "10.9.0.8") is None)
    hold(60, probe)
    p50, p99 = latency(probe, server, 2001)
    show(what="idle connections, a minute later", open=len(crowd.members), lost=crowd.lost, memory_mib=server.memory(),
         call_p50_ms=p50, call_p99_ms=p99)
    crowd.close()
    hold(20, probe)
    show(what="all closed", memory_mib=server.memory(), files=server.files(),
         is_one_more_accepted=connect(server, "10.9.0.8") is not None)
    server.close()


def exchange(command, folder, count, *flags):
    server = Server(command, folder, *flags)
    out = subprocess.run([*command, "put", "--store", server.store, os.path.join(folder, "n.csv")], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    cid = out.split()[0].encode()
    body = bytes([3 << 3 | 2, len(cid)]) + cid
    probe = connect(server, "10.9.0.9")
    before = settle(server, probe)
    started = time.monotonic()
    # The token is for callers of this machine; a connection has at most 4,096 streams.
    connections = [Connection(("127.0.0.1", server.port)) for _ in range(2)]
    per = count // len(connections)
    for connection in connections:
        for number in range(per):
            connection.call(1 + 2 * number, "DoExchange", server.token, body, is_open=True)
            # What comes meanwhile is taken, so that neither side fills up.
            while select.select([connection.socket], [], [], 0)[0]:
                connection.read()
    for connection in connections:
        connection.until(lambda: len(connection.answered | connection.ended) >= per)
    opened = sum(len(connection.answered - connection.ended) for connection in connections)
    refused = sum(len(connection.ended) for connection in connections)
    after = settle(server, probe, *connections)
    p50, p99 = latency(probe, server, 3)
    show(what=f"{count} streams of DoExchange, {' '.join(flags) or 'default limits'}", open=opened, refused=refused,
         seconds=time.monotonic() - started, memory_mib=after, kib_each=(after - before) * 1024 / max(opened, 1),
         call_p50_ms=p50, call_p99_ms=p99)
    for connection in connections:
        connection.socket.close()
    hold(20, probe)
    p50, p99 = latency(probe, server, 1001)
    show(what="all closed", memory_mib=server.memory(), call_p50_ms=p50, call_p99_ms=p99)
    server.close()


def main():
    command = sys.argv[1:]
    if not command:
        raise SystemExit(__doc__)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in [*ADDRESSES, "10.9.0.9"]:
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for run in (idle, lambda command, folder: exchange(command, folder, 6000),
                lambda command, folder: exchange(command, folder, 6000, "--streams", "8192")):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            with open(os.path.join(folder, "n.csv"), "w") as file:
                file.write("n\n" + "".join(f"{number}\n" for number in range(100)))
            run(command, folder)


if __name__ == "__main__":
    main()
