#!/usr/bin/env python3
"""Reads canonical blocks with pyarrow and compares them with the batches that they were made of.

    check_blocks.py MANIFEST

MANIFEST holds a JSON object a line: {"source": path, "batch": i, "block": path}, where source is an Arrow IPC stream or
file and block the canonical block of its batch i; relative paths count from the manifest's folder. pyarrow reads both.
Schemas are compared by name, type, nullability and metadata; columns by the values of their visible rows, type by type.
Whatever the canonical form is free to change is not compared: child names that Arrow gives no meaning to, the order of
metadata, offsets, runs, indices into a dictionary, the payload of a NaN and what lies under a null.

Standard output has a line for each block that is not the same, and at the end `N same, N cannot, N different`:

    cannot KIND FILE#BATCH          pyarrow itself cannot read values of that kind (CANNOT names the kinds)
    different FILE#BATCH: WHAT

The exit code is 0 where nothing is different.
"""
import json
import os
import sys

import numpy as np
import pyarrow as pa

T = pa.types

# What pyarrow cannot show in Python, by the number of the type. The other columns of such a batch are compared.
CANNOT = {21: "interval-year-month", 22: "interval-day-time"}


class Cannot(Exception):
    """pyarrow has no Python class for this type."""


class Different(Exception):
    """The block does not say what its source says."""


# ---------------------------------------------------------------- schemas

def known(t):
    """t, unless pyarrow cannot show its values."""
    if t.id in CANNOT:
        raise Cannot(CANNOT[t.id])
    return t


def metadata(pairs):
    kept = dict(pairs or {})
    if kept.get(b"ARROW:extension:metadata") == b"":
        del kept[b"ARROW:extension:metadata"]
    return sorted(kept.items())


def describe(field):
    """A field's type, nullability and metadata, without the names that the canonical form sets."""
    t, pairs = field.type, dict(field.metadata or {})
    if isinstance(t, pa.BaseExtensionType):
        pairs[b"ARROW:extension:name"] = t.extension_name.encode()
        pairs[b"ARROW:extension:metadata"] = getattr(t, "__arrow_ext_serialize__", lambda: b"")()
        t = t.storage_type
    return describe_type(t), field.nullable, metadata(pairs)


def describe_type(t):
    if t.id in CANNOT:
        return CANNOT[t.id]
    if isinstance(t, pa.BaseExtensionType):
        return t.extension_name, describe_type(t.storage_type)
    if T.is_dictionary(t):
        return "dictionary", str(t.index_type), t.ordered, describe_type(t.value_type)
    if T.is_map(t):
        return "map", t.keys_sorted, describe_type(t.key_type), describe(t.item_field)
    if T.is_run_end_encoded(t):
        return "run-end encoded", str(t.run_end_type), describe_type(t.value_type)
    if T.is_fixed_size_list(t):
        return "fixed-size list", t.list_size, describe(t.value_field)
    if is_list(t) or is_list_view(t):
        return list_kind(t), describe(t.value_field)
    if T.is_union(t):
        return t.mode, tuple(t.type_codes), tuple((f.name, describe(f)) for f in children(t))
    if T.is_struct(t):
        return "struct", tuple((f.name, describe(f)) for f in children(t))
    if T.is_timestamp(t):
        return "timestamp", t.unit, t.tz or None
    return str(t)


def children(t):
    return [t.field(i) for i in range(t.num_fields)]


def is_list(t):
    return T.is_list(t) or T.is_large_list(t)


def is_list_view(t):
    return T.is_list_view(t) or T.is_large_list_view(t)


def is_wide(t):
    return T.is_large_list(t) or T.is_large_list_view(t) or T.is_large_string(t) or T.is_large_binary(t)


def list_kind(t):
    return ("large " if is_wide(t) else "") + ("list view" if is_list_view(t) else "list")


# ---------------------------------------------------------------- values

class Reading:
    """The values of one column as Python objects that compare as Arrow values do."""

    def __init__(self):
        self.orders = []        # the entries of each ordered dictionary, in the order of the walk

    def rows(self, array, at):
        """The values of array at the row numbers at: None for a null, bytes for what has a fixed width."""
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        t = known(array.type)
        if T.is_null(t):
            return [None] * len(at)
        if T.is_union(t):
            return self.union(array, t, at)
        if T.is_run_end_encoded(t):
            run = np.searchsorted(array.run_ends.to_numpy(), at + array.offset, side="right")
            return self.rows(array.values, run)
        there = valid(array)[at]
        out = [None] * len(at)
        for place, value in zip(np.flatnonzero(there), self.present(array, t, at[there])):
            out[place] = value
        return out

    def present(self, array, t, at):
        """As rows, for rows that are not null."""
        if T.is_dictionary(t):
            return self.dictionary(array, t, at)
        if T.is_struct(t):
            columns = [self.rows(array.field(i), at) for i in range(t.num_fields)]
            return list(zip(*columns)) if columns else [()] * len(at)
        if T.is_map(t):
            starts, ends = bounds(array, t)
            return self.cut(zipped(self, array.keys, array.items), starts[at], ends[at])
        if T.is_fixed_size_list(t):
            starts = (array.offset + at) * t.list_size
            return self.cut(lambda i: self.rows(array.values, i), starts, starts + t.list_size)
        if is_list(t):
            starts, ends = bounds(array, t)
            return self.cut(lambda i: self.rows(array.values, i), starts[at], ends[at])
        if is_list_view(t):
            starts, sizes = array.offsets.to_numpy(), array.sizes.to_numpy()
            return self.cut(lambda i: self.rows(array.values, i), starts[at], starts[at] + sizes[at])
        if T.is_string(t) or T.is_binary(t) or T.is_large_string(t) or T.is_large_binary(t):
            starts, ends = bounds(array, t)
            data = memoryview(array.buffers()[2] or b"")
            return [bytes(data[a:b]) for a, b in zip(starts[at], ends[at])]
        if T.is_string_view(t) or T.is_binary_view(t):
            return [bytes(array[int(i)].as_buffer() or b"") for i in at]
        if T.is_boolean(t):
            return bits(array.buffers()[1], array.offset, len(array))[at].tolist()
        return fixed(array, t, at)

    def cut(self, read, starts, ends):
        """Lists from the child rows between starts and ends."""
        spans = [np.arange(a, b, dtype=np.int64) for a, b in zip(starts, ends)]
        values = read(np.concatenate(spans) if spans else np.zeros(0, np.int64))
        stops = np.cumsum([len(s) for s in spans]).tolist()
        return [tuple(values[b - len(s):b]) for s, b in zip(spans, stops)]

    def union(self, array, t, at):
        codes = np.frombuffer(array.buffers()[1] or b"", np.int8)[array.offset:][at]
        if t.mode == "dense":
            at = np.frombuffer(array.buffers()[2] or b"", np.int32)[array.offset:][at].astype(np.int64)
        out = [None] * len(at)
        for child, code in enumerate(t.type_codes):
            mine = np.flatnonzero(codes == code)
            for place, value in zip(mine, self.rows(array.field(child), at[mine])):
                out[place] = (code, value)
        if None in out:
            raise Different("a union code that the type does not declare")
        return out

    def dictionary(self, array, t, at):
        index = array.indices.to_numpy(zero_copy_only=False)[at].astype(np.int64)
        used = np.arange(len(array.dictionary)) if t.ordered else np.unique(index)
        entries = dict(zip(used.tolist(), self.rows(array.dictionary, used)))
        if t.ordered:
            self.orders.append(list(dict.fromkeys(v for v in entries.values() if v is not None)))
        return [entries[i] for i in index.tolist()]


def zipped(reading, keys, items):
    return lambda i: list(zip(reading.rows(keys, i), reading.rows(items, i)))


def bits(buffer, offset, length):
    if buffer is None:
        return np.ones(length, bool)
    return np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")[offset:offset + length].astype(bool)


def valid(array):
    return bits(array.buffers()[0], array.offset, len(array))


def bounds(array, t):
    """Where each row's bytes or elements start and end."""
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    offsets = np.frombuffer(buffer, np.int64 if is_wide(t) else np.int32)[array.offset:array.offset + len(array) + 1]
    return offsets[:-1].astype(np.int64), offsets[1:].astype(np.int64)


def fixed(array, t, at):
    """The bytes of fixed-width values, every NaN alike."""
    width = t.byte_width if T.is_fixed_size_binary(t) else t.bit_width // 8
    if width == 0 or len(at) == 0:
        return [b""] * len(at)
    raw = np.frombuffer(array.buffers()[1], np.uint8, len(array) * width, array.offset * width)
    raw = raw.reshape(len(array), width)[at].copy()
    if T.is_floating(t):
        raw[np.isnan(raw.view(f"<f{width}").reshape(-1))] = 0xFF
    flat = raw.tobytes()
    return [flat[i:i + width] for i in range(0, len(flat), width)]


# ---------------------------------------------------------------- batches and blocks

def batches(path):
    with open(path, "rb") as source:
        data = pa.py_buffer(source.read())
    if data[:6].to_pybytes() == b"ARROW1":
        reader = pa.ipc.open_file(data)
        return [reader.get_batch(i) for i in range(reader.num_record_batches)]
    return list(pa.ipc.open_stream(data))


def is_sound(batch):
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as e:
        return str(e)
    return None


def read_column(batch, i):
    reading = Reading()
    try:
        values = reading.rows(batch.column(i), np.arange(batch.num_rows))
    except KeyError as e:
        if e.args[0] not in CANNOT:
            raise
        raise Cannot(CANNOT[e.args[0]]) from e
    return values, reading.orders


def compare(source, block):
    """Raises Different at the first difference; returns the kinds that pyarrow could not show."""
    if block.num_rows != source.num_rows:
        raise Different(f"{source.num_rows} rows became {block.num_rows}")
    if metadata(block.schema.metadata) != metadata(source.schema.metadata):
        raise Different("the schema's metadata")
    if block.schema.names != source.schema.names:
        raise Different(f"columns {source.schema.names} became {block.schema.names}")
    fault = is_sound(block)
    if fault and not is_sound(source):
        raise Different(f"pyarrow's validation accepts the source, and of the block says: {fault}")
    unread = set()
    for i, name in enumerate(source.schema.names):
        was, now = describe(source.schema.field(i)), describe(block.schema.field(i))
        if was != now:
            raise Different(f"column '{name}': {was} became {now}")
        try:
            left, left_orders = read_column(source, i)
        except Cannot as kind:
            unread.add(str(kind))
            continue
        right, right_orders = read_column(block, i)
        for row, (a, b) in enumerate(zip(left, right)):
            if a != b:
                raise Different(f"column '{name}' row {row}: {a!r} became {b!r}")
        if left_orders != right_orders:
            raise Different(f"column '{name}': the order of its dictionary's entries")
    return unread


def check(source, number, block):
    found = batches(block)
    if len(found) != 1:
        raise Different(f"the block holds {len(found)} batches")
    of = batches(source)
    if number >= len(of):
        raise Different(f"the source holds {len(of)} batches")
    return compare(of[number], found[0])


def main(argv):
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    base = os.path.dirname(os.path.abspath(argv[0]))
    same = cannot = different = 0
    with open(argv[0], encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    for row in rows:
        name = f"{row['source']}#{row['batch']}"
        try:
            kinds = check(os.path.join(base, row["source"]), row["batch"], os.path.join(base, row["block"]))
        except (Different, Cannot, ArithmeticError, LookupError, OSError, RuntimeError, TypeError,
                ValueError, pa.ArrowException) as e:
            different += 1
            print(f"different {name}: {type(e).__name__}: {e}")
            continue
        if kinds:
            cannot += 1
            print("\n".join(f"cannot {kind} {name}" for kind in sorted(kinds)))
        else:
            same += 1
    print(f"{same} same, {cannot} cannot, {different} different")
    return 1 if different or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
