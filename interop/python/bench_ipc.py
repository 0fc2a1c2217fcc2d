"""The measuring side of the benchmark `ipc`: a process that takes batches, another that made them, and consumers.

    bench_ipc.py ROLE DIRECTORY CAPACITY REDIS_SOCKET      (the socket is - where there is no Redis)

The role `measure` starts the others. Lines in and out, `ready` first:

    has WAY                     yes, or why not
    get WAY BYTES COUNT         the p50 of one get, in seconds; in most ways it ends with one value read
    put store BYTES COUNT       the p50 of one put of a new batch, in seconds
    put hash BYTES COUNT        the p50 of hashlib's SHA-256 over as many bytes as the batch's block has
    deliver WAY BYTES COUNT     seconds until eight processes have read COUNT batches each, from the first one's making

The ways of `get` are those of bench_ways.py, and those of `deliver` in bench_deliveries.py.
"""
import ctypes
import hashlib
import os
import signal
import statistics
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa

from bench_deliveries import DELIVERIES
from bench_ways import WAYS, to_stream

COLUMNS = 10
CONSUMERS = 8
CALLS_A_GROUP = 8  # a clock is too coarse for a call of a microsecond
SEED = 20260101
PR_SET_PDEATHSIG = 1


class Place:
    """Where everything lies, as the command line says it."""

    def __init__(self, arguments):
        self.arguments = arguments
        self._directory, capacity, redis = arguments
        self.name = os.path.basename(self._directory)
        self.capacity = int(capacity)
        self.redis = None if redis == "-" else redis

    def path(self, name):
        return os.path.join(self._directory, name)


class Numbers:
    """A batch of float64 columns, and the next one: the same memory with another first value."""

    def __init__(self, size):
        rows = size // 8 // COLUMNS
        values = np.random.default_rng(SEED).random((COLUMNS, rows))
        self._first = values[0]
        arrays = [pa.Array.from_buffers(pa.float64(), rows, [None, pa.py_buffer(each)]) for each in values]
        self.batch = pa.RecordBatch.from_arrays(arrays, [f"c{i}" for i in range(COLUMNS)])

    def next(self):
        self._first[0] += 1
        return self.batch


class Child:
    """This script again, in another role."""

    def __init__(self, role, place):
        # The peers' Python is started by a loader of its own, and so by the script that knows it.
        launcher = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers", "python")
        python = [launcher] if os.environ.get("PYTHONHOME") else [sys.executable]
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
        self._process = subprocess.Popen(
            [*python, os.path.abspath(__file__), role, *place.arguments], env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)
        self.hear("ready")

    def tell(self, line):
        self._process.stdin.write(line + "\n")

    def hear(self, expected=None):
        line = self._process.stdout.readline().strip()
        if not line or expected not in (None, line):
            raise RuntimeError(f"the other process said '{line}'")
        return line

    def ask(self, line):
        self.tell(line)
        return self.hear()

    def end(self):
        self._process.stdin.close()
        self._process.wait()


def p50(call, count):
    """The median over groups of each group's mean."""
    means = []
    for _ in range(max(1, count // CALLS_A_GROUP)):
        start = time.perf_counter()
        for _ in range(CALLS_A_GROUP):
            call()
        means.append((time.perf_counter() - start) / CALLS_A_GROUP)
    return statistics.median(means)


class Measuring:
    """The role of the process that takes and times."""

    def __init__(self, place):
        self._place = place
        self._gets = {}
        self._numbers = {}
        self._deliveries = {}
        self._holder = None
        self._consumers = []

    def answer(self, what, way, size=0, count=0):
        return getattr(self, what)(way, int(size), int(count))

    def has(self, way, *_):
        if way == "redis" and self._place.redis is None:
            return "no Redis"
        try:
            WAYS[way](self._place)
        except ImportError as fault:
            return " ".join(str(fault).split())
        return "yes"

    def get(self, way, size, count):
        call = self._gets.get((way, size))
        if call is None:
            if self._holder is None:
                self._holder = Child("hold", self._place)
            where = self._holder.ask(f"{way} {size}")
            call = self._gets[way, size] = WAYS[way](self._place).open(where)
            call()
        return p50(call, count)

    def put(self, way, size, count):
        numbers = self._numbers_of(size)
        if way == "hash":
            plain = to_stream(numbers.batch)
            return p50(lambda: hashlib.sha256(plain).digest(), count)
        delivery = self._delivery_of(way)
        with delivery.prepare():
            return p50(lambda: delivery.send(numbers.next()), count)

    def deliver(self, way, size, count):
        if not self._consumers:
            self._consumers = [Child("consume", self._place) for _ in range(CONSUMERS)]
        numbers, delivery, sent = self._numbers_of(size), self._delivery_of(way), 0
        with delivery.prepare():
            for each in self._consumers:
                each.tell(f"{way} {count}")
            for each in self._consumers:
                each.hear("ready")
            delivery.accept(CONSUMERS)
            start = time.perf_counter()
            for _ in range(count):
                sent += delivery.send(numbers.next())
            delivered = [int(each.hear()) for each in self._consumers]
            seconds = time.perf_counter() - start
        if delivered != [sent] * CONSUMERS:
            raise RuntimeError(f"{sent} bytes were sent to each consumer, and {delivered} came")
        return seconds

    def end(self):
        for each in (self._holder, *self._consumers):
            if each is not None:
                each.end()

    def _delivery_of(self, way):
        if way not in self._deliveries:
            self._deliveries[way] = DELIVERIES[way](self._place)
        return self._deliveries[way]

    def _numbers_of(self, size):
        if size not in self._numbers:
            self._numbers[size] = Numbers(size)
        return self._numbers[size]


class Holding:
    """The role of the process that made the batches: it keeps them where the ways find them."""

    def __init__(self, place):
        self._place = place
        self._ways = []

    def answer(self, way, size):
        held = WAYS[way](self._place)
        self._ways.append(held)
        return held.hold(Numbers(int(size)).batch)

    def end(self):
        for each in self._ways:
            each.end()


class Consuming:
    """The role of a consumer."""

    def __init__(self, place):
        self._place = place
        # It may wait for a batch that no longer comes.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def answer(self, way, count):
        return DELIVERIES[way](self._place).consume(int(count), lambda: print("ready", flush=True))

    def end(self):
        pass


def main():
    # An interrupt ends the command, and with it the standard input of each role.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    role = {"measure": Measuring, "hold": Holding, "consume": Consuming}[sys.argv[1]](Place(sys.argv[2:]))
    try:
        print("ready", flush=True)
        for line in sys.stdin:
            print(role.answer(*line.split()), flush=True)
    except Exception:
        if os.getppid() == parent:
            raise
        role.end()
        os._exit(0)  # unflushed output has no reader any more
    role.end()


main()
