"""One batch, one copy of its bytes, and four views of them. Puts it, or reads it in another process:

    python3 zero_copy.py DIRECTORY
    python3 zero_copy.py DIRECTORY CID
"""
import sys

import pyarrow as pa
import pyarrow.compute as pc

import arrowcid


def file_of(address):
    """The mapped file in which an address lies, by its inode: its name may be that of the moment when it was made."""
    for line in open("/proc/self/maps"):
        span, _, _, _, inode, *_ = line.split()
        first, last = (int(part, 16) for part in span.split("-"))
        if first <= address < last:
            return f"file {inode}"
    return "nowhere"


def show(what, address):
    print(f"  {what:36}{file_of(address)}")


with arrowcid.open(sys.argv[1]) as store:
    if len(sys.argv) > 2:
        cid = arrowcid.Cid(sys.argv[2])
    else:
        cid = store.put(pa.record_batch({"px": [100 + i / 4 for i in range(100_000)]})).cid
    batch = store[cid]
    print(cid)

    values = batch.numpy("px")
    show("numpy", values.__array_interface__["data"][0])

    arrow = batch.to_pyarrow()  # the Arrow C Data Interface
    show("pyarrow, by pointer", arrow.column("px").buffers()[1].address)

    capsules = pa.record_batch(batch)  # what every library with the PyCapsule interface does
    show("pyarrow, by the PyCapsule interface", capsules.column("px").buffers()[1].address)

    table = pa.table(store.stream([cid]))
    show("pyarrow, as a stream", table.column("px").chunk(0).buffers()[1].address)

    print(f"  the mean, by numpy and pyarrow: {values.mean():.3f}, {pc.mean(arrow.column('px')).as_py():.3f}")
