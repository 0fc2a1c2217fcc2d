"""Reads ten batches of prices where they lie, as they come: python3 consumer.py [DIRECTORY]"""
import sys

import arrowcid

with arrowcid.open(sys.argv[1] if len(sys.argv) > 1 else None) as store, store.watch("oldest") as watch:
    for heard, event in enumerate(watch, 1):
        # None where word of a batch was missed, or where it was removed since.
        batch = event.cid and store.get(event.cid)
        if batch:
            px = batch.numpy("px")  # a read-only array over the mapping
            print(f"{batch.cid}  {len(px)} rows  mean {px.mean():.3f}", flush=True)
        if heard == 10:
            break
