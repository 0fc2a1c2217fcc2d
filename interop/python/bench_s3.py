"""The other side of the benchmark `places`: keeps batches as a Parquet file in a bucket, and reads some columns of it.

Arguments: the URL of the server. Credentials are in the environment. Lines in, and what is answered once it says `ready`:

    kind                         `s3fs` for pyarrow's own S3 file system, `boto3` where pyarrow was built without it
    write PATH BUCKET KEY        reads an IPC stream and uploads it as a Parquet file, a row group for each batch: `written`
    read BUCKET KEY a,b,c        reads columns: seconds

Without pyarrow's file system it does what that does: one range for the footer, then the ranges of the columns' chunks in
parallel, and pyarrow decodes them.
"""
import io
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq

FOOTER = 64 << 10


class Ranges(io.RawIOBase):
    """A file of which only some ranges are here."""

    def __init__(self, size):
        super().__init__()
        self.size, self.at, self.parts = size, 0, []

    def add(self, offset, data):
        self.parts.append((offset, data))

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def read(self, count=-1):
        end = self.size if count < 0 else min(self.size, self.at + count)
        for offset, data in self.parts:
            if offset <= self.at and end <= offset + len(data):
                start, self.at = self.at, end
                return data[start - offset:end - offset]
        raise OSError(f"bytes {self.at} to {end} are not here")


class Boto:
    kind = "boto3"

    def __init__(self, url):
        import boto3
        from botocore.config import Config
        self.client = boto3.client("s3", endpoint_url=url, config=Config(
            max_pool_connections=16, s3={"addressing_style": "path"}, retries={"max_attempts": 3}))
        self.pool = ThreadPoolExecutor(8)

    def put(self, bucket, key, path):
        self.client.upload_file(path, bucket, key)

    def get(self, bucket, key, text):
        answer = self.client.get_object(Bucket=bucket, Key=key, Range=f"bytes={text}")
        return answer["Body"].read(), answer["ContentRange"]

    def read(self, bucket, key, columns):
        tail, said = self.get(bucket, key, f"-{FOOTER}")
        size = int(said.rsplit("/", 1)[1])
        length = int.from_bytes(tail[-8:-4], "little") + 8
        if length > len(tail):
            tail, _ = self.get(bucket, key, f"-{length}")
        file = Ranges(size)
        file.add(size - len(tail), tail)
        metadata = pq.read_metadata(file)
        names = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
        wanted = []
        for group in range(metadata.num_row_groups):
            for name in columns:
                chunk = metadata.row_group(group).column(names[name])
                start = chunk.data_page_offset
                if chunk.dictionary_page_offset is not None:
                    start = min(start, chunk.dictionary_page_offset)
                wanted.append((start, chunk.total_compressed_size))
        fetched = self.pool.map(lambda part: self.get(bucket, key, f"{part[0]}-{part[0] + part[1] - 1}")[0], wanted)
        for (start, _), data in zip(wanted, fetched):
            file.add(start, data)
        file.seek(0)
        return pq.ParquetFile(file, metadata=metadata, pre_buffer=False).read(columns)


class Native:
    kind = "s3fs"

    def __init__(self, url):
        from pyarrow.fs import S3FileSystem
        scheme, host = url.rstrip("/").split("://")
        self.files = S3FileSystem(endpoint_override=host, scheme=scheme, access_key=os.environ["AWS_ACCESS_KEY_ID"],
                                  secret_key=os.environ["AWS_SECRET_ACCESS_KEY"])

    def put(self, bucket, key, path):
        with open(path, "rb") as source, self.files.open_output_stream(f"{bucket}/{key}") as target:
            target.write(source.read())

    def read(self, bucket, key, columns):
        return pq.read_table(f"{bucket}/{key}", columns=columns, filesystem=self.files, pre_buffer=True)


def open_server(url):
    try:
        return Native(url)
    except ImportError:
        return Boto(url)


def write(server, path, bucket, key):
    parquet = path + ".parquet"
    with pa.memory_map(path) as source, pa.ipc.open_stream(source) as reader:
        with pq.ParquetWriter(parquet, reader.schema, compression="none", use_dictionary=False) as writer:
            for batch in reader:
                writer.write_batch(batch, row_group_size=batch.num_rows)
    server.put(bucket, key, parquet)
    os.remove(parquet)


def main():
    server = open_server(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        verb, *rest = line.split()
        if verb == "kind":
            print(server.kind, flush=True)
        elif verb == "write":
            write(server, *rest)
            print("written", flush=True)
        elif verb == "read":
            bucket, key, columns = rest
            start = time.perf_counter()
            table = server.read(bucket, key, columns.split(","))
            took = time.perf_counter() - start
            assert table.num_columns == len(columns.split(",")), table.schema
            print(took, flush=True)


main()
