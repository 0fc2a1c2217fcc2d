"""The other side of the benchmarks `hash` and `export`: does with pyarrow what one would do without ArrowCid.

Lines in, and what is answered once it says `ready`:

    load PATH               reads an IPC stream: `loaded`
    run N                   writes its first batch as an IPC stream and hashes it, N times: seconds
    parquet PATH CODEC      writes its batches as a Parquet file, a row group each: seconds
    read PATH               reads a Parquet file, row group by row group: seconds
"""
import hashlib
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq


def write_and_hash(batch):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return hashlib.sha256(sink.getvalue()).digest()


def write_parquet(batches, path, codec):
    with pq.ParquetWriter(path, batches[0].schema, compression=codec) as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=batch.num_rows)


def read_parquet(path):
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            file.read_row_group(group, use_threads=False)


def seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main():
    pa.set_cpu_count(1)
    batches = []
    print("ready", flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "load":
            with open(rest[0], "rb") as source:
                batches = list(pa.ipc.open_stream(source.read()))
            answer = "loaded"
        elif word == "run":
            answer = seconds(lambda: [write_and_hash(batches[0]) for _ in range(int(rest[0]))])
        elif word == "parquet":
            answer = seconds(lambda: write_parquet(batches, *rest))
        else:
            answer = seconds(lambda: read_parquet(rest[0]))
        print(answer, flush=True)


main()
