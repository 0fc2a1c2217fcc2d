"""Puts the batches of an Arrow IPC file as pyarrow reads them, or reads a block, and says so in a line; the tests hold
other languages against it: ``exchange.py put STORE FILE``, ``exchange.py read STORE CID COLUMN``.
"""
import sys

import pyarrow as pa

from support import arrowcid, mapping_of


def put(directory, path):
    with arrowcid.open(directory) as store, pa.memory_map(path) as source:
        reader = pa.ipc.open_file(source)
        for i in range(reader.num_record_batches):
            put = store.put(reader.get_batch(i))
            print(put.cid, str(put.is_new).lower())


def read(directory, cid, column):
    """The CID, the sum of a column, and the file in which its first value lies."""
    with arrowcid.open(directory) as store:
        values = store[cid].numpy(column)
        print(cid, values.sum(dtype=int), mapping_of(values.ctypes.data))


{"put": put, "read": read}[sys.argv[1]](*sys.argv[2:])
