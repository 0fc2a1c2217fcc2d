"""Puts a batch, fetches it by its CID from a server that needs not be trusted, and shows its rows.

    python3 samples/flight/fetch.py ADDRESS TOKEN
"""
import os
import sys

import pyarrow as pa

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "interop", "python"))
import arrowcid_flight  # noqa: E402

address, token = sys.argv[1:]
with arrowcid_flight.connect(address, token) as client:
    ack = client.put(pa.record_batch({"px": [101.5, 101.75], "qty": [100, 20]}), name="quotes")
    batch = client.get(ack.cid)
    print(f"{ack.cid}  {batch.num_rows} rows proved")
    print(client.read(name="quotes", columns=["px"]).to_pydict())
