"""The other side of `arrowcid bench hash`: writes a batch as an IPC stream and hashes it, as one would without ArrowCid.

Lines in: `load PATH` (an IPC stream of one batch), `run N`. Lines out: `ready`, `loaded`, seconds.
"""
import hashlib
import sys
import time

import pyarrow as pa


def write_and_hash(batch):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return hashlib.sha256(sink.getvalue()).digest()


def main():
    batch = None
    print("ready", flush=True)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "load":
            with open(rest, "rb") as source:
                batch = pa.ipc.open_stream(source.read()).read_next_batch()
            print("loaded", flush=True)
        elif word == "run":
            start = time.perf_counter()
            for _ in range(int(rest)):
                write_and_hash(batch)
            print(time.perf_counter() - start, flush=True)


main()
