"""A Flight server of pyarrow's own, for our clients: python serve_flight.py ADDRESS [--token TOKEN] CID=FILE...

It prints its port, and serves each file (an Arrow stream with one batch) under the text of a CID, true or not, until its
input ends; with `lz4:` or `zstd:` before the CID with compressed bodies.
"""

import os
import sys

import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.ipc as ipc


class Tokens(fl.ServerMiddlewareFactory):
    """Refuses who does not show the token."""

    def __init__(self, token):
        super().__init__()
        self.token = token

    def start_call(self, info, headers):
        if headers.get("authorization") != [f"Bearer {self.token}"]:
            raise fl.FlightUnauthenticatedError("another token")


class Server(fl.FlightServerBase):
    def __init__(self, address, files, forms, **options):
        super().__init__(address, **options)
        self.batches = {cid: list(ipc.open_stream(file)) for cid, file in files.items()}
        self.forms = forms

    def do_get(self, context, ticket):
        cid = ticket.ticket.decode()
        if cid not in self.batches:
            raise KeyError(f"no {cid} here")
        # A table would leave out batches without rows.
        reader = pa.RecordBatchReader.from_batches(self.batches[cid][0].schema, self.batches[cid])
        return fl.RecordBatchStream(reader, options=ipc.IpcWriteOptions(compression=self.forms.get(cid)))

    def list_flights(self, context, criteria):
        for cid, (batch,) in self.batches.items():
            yield fl.FlightInfo(batch.schema, fl.FlightDescriptor.for_path(cid), [], batch.num_rows, -1)


if __name__ == "__main__":
    address, *rest = sys.argv[1:]
    options = {}
    if rest[0] == "--token":
        options["middleware"] = {"tokens": Tokens(rest[1])}
        rest = rest[2:]
    given, compressed = {}, {}
    for each in rest:
        name, _, file = each.partition("=")
        *form, cid = name.split(":")
        given[cid] = file
        compressed[cid] = form[0] if form else None
    server = Server(address, given, compressed, **options)
    print(server.port, flush=True)
    sys.stdin.read()
    server.shutdown()
    sys.stdout.flush()
    os._exit(0)
