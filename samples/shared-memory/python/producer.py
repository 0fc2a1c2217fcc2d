"""Puts ten batches of prices into a store: python3 producer.py [DIRECTORY]"""
import sys

import numpy as np
import pyarrow as pa

import arrowcid

with arrowcid.open(sys.argv[1] if len(sys.argv) > 1 else None) as store:
    for hour in range(10):
        px = 100.0 + hour + (np.arange(100_000) % 100) / 100
        put = store.put(pa.record_batch({"px": px}), producer="python", tags={"hour": hour})
        print(f"{put.cid}  {put.rows} rows  {'new' if put.is_new else 'known'}", flush=True)
