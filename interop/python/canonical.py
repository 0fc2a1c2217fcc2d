#!/usr/bin/env python3
"""Reference encoder of the ArrowCid canonical block, version 1.

Slow and plain on purpose: an oracle to hold the real encoder against, written from
src/ArrowCid/Ipc/Canonical/canonical-block.md alone. It needs pyarrow and numpy.

    canonical.py cid FILE...        one line a batch: CID, bytes, rows, file#batch
    canonical.py write FILE... OUT  the same, and the blocks themselves as OUT/<cid>.arrows
    canonical.py check FILE...      0 where every file is a canonical block already

FILE is an Arrow IPC stream or file. One that has no canonical form, or holds a type that pyarrow has no class for
(intervals of months, and of days and milliseconds), is named on standard error, the others go on, and the exit code is 1.
"""
import base64
import hashlib
import os
import struct
import sys

import numpy as np
import pyarrow as pa


class Invalid(ValueError):
    """The batch has no canonical form: it breaks the columnar format's own rules."""


# ---------------------------------------------------------------- FlatBuffers, front to back

class Table:
    """A FlatBuffers table: fields is a list of (slot, kind, value) in ascending slot order.

    kind: 'b' bool/uint8, 'h' int16, 'i' int32, 'q' int64, or 'o' for a child object.
    """

    def __init__(self, *fields):
        self.fields = [f for f in fields if f is not None]


class Str:
    def __init__(self, text):
        self.raw = text if isinstance(text, bytes) else text.encode("utf-8")


class Vec:
    """A vector of tables."""

    def __init__(self, items):
        self.items = list(items)


class Raw:
    """A vector of scalars or structs, already encoded; align is 8 where its elements hold an int64, else 4."""

    def __init__(self, count, raw, align=8):
        self.count, self.raw, self.align = count, raw, align


WIDTH = {"b": 1, "h": 2, "i": 4, "q": 8, "o": 4}


def pad(out, to, ahead=0):
    while (len(out) + ahead) % to:
        out.append(0)


def emit(out, obj):
    """Append obj with all that it refers to, and return the position that a uoffset points to."""
    if isinstance(obj, Table):
        last = max((slot for slot, _, _ in obj.fields), default=-1)
        cursor, at = 4, {}
        for slot, kind, _ in obj.fields:
            cursor = -(-cursor // WIDTH[kind]) * WIDTH[kind]
            at[slot] = cursor
            cursor += WIDTH[kind]
        vtable = struct.pack("<HH", 4 + 2 * (last + 1), cursor)
        vtable += b"".join(struct.pack("<H", at.get(slot, 0)) for slot in range(last + 1))
        pad(out, 8, len(vtable))
        out += vtable
        table = len(out)
        out += struct.pack("<i", len(vtable)) + bytes(cursor - 4)
        for slot, kind, value in obj.fields:
            if kind != "o":
                struct.pack_into("<" + {"b": "B"}.get(kind, kind), out, table + at[slot], value)
        for slot, kind, value in obj.fields:
            if kind == "o":
                here = table + at[slot]
                struct.pack_into("<I", out, here, emit(out, value) - here)
        return table
    if isinstance(obj, Str):
        pad(out, 4)
        here = len(out)
        out += struct.pack("<I", len(obj.raw)) + obj.raw + b"\0"
        return here
    if isinstance(obj, Raw):
        pad(out, obj.align, 4 if obj.align == 8 else 0)
        here = len(out)
        out += struct.pack("<I", obj.count) + obj.raw
        return here
    pad(out, 4)
    here = len(out)
    out += struct.pack("<I", len(obj.items)) + bytes(4 * len(obj.items))
    for i, item in enumerate(obj.items):
        slot = here + 4 + 4 * i
        struct.pack_into("<I", out, slot, emit(out, item) - slot)
    return here


def flatbuffer(root):
    out = bytearray(4)
    struct.pack_into("<I", out, 0, emit(out, root))
    return bytes(out)


# ---------------------------------------------------------------- schema

def key_values(metadata):
    pairs = sorted((bytes(k), bytes(v)) for k, v in (metadata or {}).items())
    if not pairs:
        return None
    return Vec(Table((0, "o", Str(k)), (1, "o", Str(v))) for k, v in pairs)


UNIT = {"s": 0, "ms": 1, "us": 2, "ns": 3}


def type_table(t):
    """(union tag, table) of a storage type."""
    T, I = pa.types, Table
    if T.is_null(t): return 1, I()
    if T.is_integer(t):
        return 2, I((0, "i", t.bit_width), (1, "b", int(T.is_signed_integer(t))))
    if T.is_floating(t): return 3, I((0, "h", {16: 0, 32: 1, 64: 2}[t.bit_width]))
    if T.is_binary(t): return 4, I()
    if T.is_string(t): return 5, I()
    if T.is_boolean(t): return 6, I()
    if T.is_decimal(t):
        return 7, I((0, "i", t.precision), (1, "i", t.scale), (2, "i", t.bit_width))
    if T.is_date(t): return 8, I((0, "h", 0 if T.is_date32(t) else 1))
    if T.is_time(t): return 9, I((0, "h", UNIT[t.unit]), (1, "i", t.bit_width))
    if T.is_timestamp(t):
        tz = (1, "o", Str(t.tz)) if t.tz else None
        return 10, I((0, "h", UNIT[t.unit]), tz)
    if T.is_interval(t): return 11, I((0, "h", 2))           # pyarrow knows MONTH_DAY_NANO alone
    if T.is_map(t): return 17, I((0, "b", int(t.keys_sorted)))
    if T.is_list(t): return 12, I()
    if T.is_struct(t): return 13, I()
    if T.is_union(t):
        ids = b"".join(struct.pack("<i", c) for c in t.type_codes)
        return 14, I((0, "h", 0 if t.mode == "sparse" else 1), (1, "o", Raw(len(t.type_codes), ids, 4)))
    if T.is_fixed_size_binary(t): return 15, I((0, "i", t.byte_width))
    if T.is_fixed_size_list(t): return 16, I((0, "i", t.list_size))
    if T.is_duration(t): return 18, I((0, "h", UNIT[t.unit]))
    if T.is_large_binary(t): return 19, I()
    if T.is_large_string(t): return 20, I()
    if T.is_large_list(t): return 21, I()
    if T.is_run_end_encoded(t): return 22, I()
    if T.is_binary_view(t): return 23, I()
    if T.is_string_view(t): return 24, I()
    if t.id == pa.lib.Type_LIST_VIEW: return 25, I()
    if t.id == pa.lib.Type_LARGE_LIST_VIEW: return 26, I()
    raise Invalid(f"no canonical form for the type {t}")


def renamed(field, name, nullable=None):
    return pa.field(name, field.type, field.nullable if nullable is None else nullable, field.metadata)


def child_fields(t):
    """The child fields of a storage type under their canonical names."""
    T = pa.types
    if T.is_map(t):
        entries = pa.struct([renamed(t.key_field, "key", False), renamed(t.item_field, "value")])
        return [pa.field("entries", entries, nullable=False)]
    if T.is_run_end_encoded(t):
        return [pa.field("run_ends", t.run_end_type, nullable=False), pa.field("values", t.value_type)]
    if T.is_list(t) or T.is_large_list(t) or T.is_fixed_size_list(t) or t.id in LIST_VIEWS:
        return [renamed(t.value_field, "item")]
    return [t.field(i) for i in range(t.num_fields)]


LIST_VIEWS = (pa.lib.Type_LIST_VIEW, pa.lib.Type_LARGE_LIST_VIEW)


def storage(field):
    """A field's storage type, and its metadata with the extension keys that identify the type."""
    t, meta = field.type, dict(field.metadata or {})
    if isinstance(t, pa.BaseExtensionType):
        serialize = getattr(t, "__arrow_ext_serialize__", lambda: b"")
        meta[b"ARROW:extension:name"] = t.extension_name.encode()
        meta[b"ARROW:extension:metadata"] = serialize()
        t = t.storage_type
    if meta.get(b"ARROW:extension:metadata") == b"":
        del meta[b"ARROW:extension:metadata"]
    return t, meta


class Ids:
    """Dictionary ids: 0, 1, 2 … in pre-order, a field before its children."""

    def __init__(self):
        self.next = 0

    def take(self):
        self.next += 1
        return self.next - 1


def field_table(field, ids):
    t, meta = storage(field)
    value, encoding = t, None
    if pa.types.is_dictionary(t):
        index = Table((0, "i", t.index_type.bit_width),
                      (1, "b", int(pa.types.is_signed_integer(t.index_type))))
        encoding = Table((0, "q", ids.take()), (1, "o", index), (2, "b", int(t.ordered)), (3, "h", 0))
        value = t.value_type
    children = [field_table(c, ids) for c in child_fields(value)]
    tag, table = type_table(value)
    kv = key_values(meta)
    return Table((0, "o", Str(field.name)), (1, "b", int(field.nullable)), (2, "b", tag),
                 (3, "o", table), (4, "o", encoding) if encoding else None,
                 (5, "o", Vec(children)), (6, "o", kv) if kv else None)


def schema_table(schema):
    ids, kv = Ids(), key_values(schema.metadata)
    return Table((0, "h", 0), (1, "o", Vec([field_table(f, ids) for f in schema])),
                 (2, "o", kv) if kv else None)


# ---------------------------------------------------------------- columns

def bits(buffer, offset, length):
    raw = np.frombuffer(buffer, np.uint8)
    return np.unpackbits(raw, bitorder="little")[offset:offset + length].astype(bool)


def pack(mask):
    return np.packbits(mask, bitorder="little").tobytes()


def typed(buffer, dtype, offset, length):
    if buffer is None or length == 0:
        return np.zeros(length, dtype)
    return np.frombuffer(buffer, dtype, count=length, offset=offset * np.dtype(dtype).itemsize)


class Body:
    """What one RecordBatch message holds: nodes, buffers and variadic counts, in pre-order.

    dictionaries collects (id, length, Body) in the order of their messages; ids counts as the schema does.
    """

    def __init__(self, dictionaries, ids):
        self.nodes, self.buffers, self.variadic = [], [], []
        self.dictionaries, self.ids = dictionaries, ids

    def column(self, array, field, shown):
        """Append array's canonical form. shown marks the slots that no ancestor's null hides."""
        t, _ = storage(field)
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        n = len(array)
        T = pa.types
        if T.is_null(t):
            self.nodes.append((n, n))
            return
        if T.is_union(t):
            return self.union(array, t, shown)
        if T.is_run_end_encoded(t):
            return self.runs(array, t, shown)
        b = array.buffers()
        own = np.ones(n, bool) if b[0] is None else bits(b[0], array.offset, n)
        if T.is_dictionary(t):
            own = own & ~null_entries(array, t)
        valid = own & shown
        if not field.nullable and (~own & shown).any():
            raise Invalid(f"field '{field.name}' is not nullable and holds a null")
        nulls = int(n - valid.sum())
        self.nodes.append((n, nulls))
        self.buffers.append(pack(valid) if nulls else b"")
        if T.is_dictionary(t):
            self.dictionary(array, t, valid, field)
        elif T.is_boolean(t):
            self.buffers.append(pack(bits(b[1], array.offset, n) & valid) if n else b"")
        elif T.is_binary(t) or T.is_string(t) or T.is_large_binary(t) or T.is_large_string(t):
            self.bytes_(array, b, t, valid, field)
        elif T.is_binary_view(t) or T.is_string_view(t):
            self.views(array, t, valid)
        elif T.is_fixed_size_list(t):
            k = t.list_size
            child = array.values.slice(array.offset * k, n * k) if len(array.values) != n * k else array.values
            self.column(child, child_fields(t)[0], np.repeat(valid, k))
        elif T.is_struct(t):
            for i in range(t.num_fields):
                self.column(array.field(i), t.field(i), valid)
        elif T.is_map(t) or T.is_list(t) or T.is_large_list(t):
            self.lists(array, b, t, valid)
        elif t.id in LIST_VIEWS:
            self.list_views(array, b, t, valid)
        else:
            width = 16 if T.is_interval(t) else (t.byte_width if T.is_fixed_size_binary(t) else t.bit_width // 8)
            self.fixed(b[1], array.offset, n, width, valid, T.is_floating(t))

    def fixed(self, buffer, offset, n, width, valid, floating=False):
        if n == 0 or width == 0:
            self.buffers.append(b"")
            return
        raw = np.frombuffer(buffer, np.uint8, n * width, offset * width).reshape(n, width).copy()
        if floating:
            values = raw.view(f"<f{width}").reshape(n)
            values[np.isnan(values)] = np.frombuffer(QUIET_NAN[width], f"<f{width}")[0]
        raw[~valid] = 0
        self.buffers.append(raw.tobytes())

    def bytes_(self, array, b, t, valid, field):
        dtype = np.int64 if (pa.types.is_large_binary(t) or pa.types.is_large_string(t)) else np.int32
        n = len(array)
        off = typed(b[1], dtype, array.offset, n + 1 if n else 0)
        sizes = np.zeros(n, dtype)
        parts = []
        data = b[2].to_pybytes() if b[2] is not None else b""
        text = pa.types.is_string(t) or pa.types.is_large_string(t)
        for i in range(n):
            if valid[i]:
                part = data[off[i]:off[i + 1]]
                if text:
                    self.utf8(part, field)
                parts.append(part)
                sizes[i] = len(part)
        self.buffers.append(np.concatenate([[0], np.cumsum(sizes)]).astype(dtype).tobytes())
        self.buffers.append(b"".join(parts))

    @staticmethod
    def utf8(part, field):
        try:
            part.decode("utf-8")
        except UnicodeDecodeError as e:
            raise Invalid(f"field '{field.name}' holds bytes that are not UTF-8") from e

    def views(self, array, t, valid):
        plain = array.cast(pa.large_string() if pa.types.is_string_view(t) else pa.large_binary())
        views, data = bytearray(), bytearray()
        for i, value in enumerate(plain):
            if not valid[i]:
                views += bytes(16)
                continue
            buffer = value.as_buffer()
            raw = buffer.to_pybytes() if buffer is not None else b""
            if len(raw) <= 12:
                views += struct.pack("<i12s", len(raw), raw)
            else:
                views += struct.pack("<i4sii", len(raw), raw[:4], 0, len(data))
                data += raw
        self.buffers.append(bytes(views))
        self.variadic.append(1 if data else 0)
        if data:
            self.buffers.append(bytes(data))

    def lists(self, array, b, t, valid):
        dtype = np.int64 if pa.types.is_large_list(t) else np.int32
        n = len(array)
        off = typed(b[1], dtype, array.offset, n + 1 if n else 0)
        sizes = np.zeros(n, dtype)
        index = []
        for i in range(n):
            if valid[i]:
                sizes[i] = off[i + 1] - off[i]
                index.append(np.arange(off[i], off[i + 1], dtype=np.int64))
        self.buffers.append(np.concatenate([[0], np.cumsum(sizes)]).astype(dtype).tobytes())
        self.gathered(whole_values(array, t), index, child_fields(t)[0])

    def list_views(self, array, b, t, valid):
        dtype = np.int64 if t.id == pa.lib.Type_LARGE_LIST_VIEW else np.int32
        n = len(array)
        off, size = typed(b[1], dtype, array.offset, n), typed(b[2], dtype, array.offset, n)
        size = np.where(valid, size, 0).astype(dtype)
        index = [np.arange(off[i], off[i] + size[i], dtype=np.int64) for i in range(n) if valid[i]]
        starts = np.concatenate([[0], np.cumsum(size)])[:n]
        self.buffers.append(starts.astype(dtype).tobytes())
        self.buffers.append(size.tobytes())
        self.gathered(array.values, index, child_fields(t)[0])

    def gathered(self, values, index, field):
        index = np.concatenate(index) if index else np.zeros(0, np.int64)
        self.column(take(values, index), field, np.ones(len(index), bool))

    def union(self, array, t, shown):
        n = len(array)
        codes = typed(array.buffers()[1], np.int8, array.offset, n).copy()
        codes[~shown] = t.type_codes[0]
        self.nodes.append((n, 0))
        self.buffers.append(codes.tobytes())
        if t.mode == "sparse":
            for i, code in enumerate(t.type_codes):
                self.column(array.field(i), t.field(i), shown & (codes == code))
            return
        off = typed(array.buffers()[2], np.int32, array.offset, n)
        fresh = np.zeros(n, np.int32)
        for code in t.type_codes:
            mine = codes == code
            fresh[mine] = np.arange(mine.sum())
        self.buffers.append(fresh.tobytes())
        for i, code in enumerate(t.type_codes):
            mine = codes == code
            at, show = off[mine].astype(np.int64), shown[mine]
            child = array.field(i)
            at = np.where(show, at, 0)
            if len(child) == 0 and len(at):
                child = pa.nulls(1, child.type)
            self.column(take(child, at), t.field(i), show)

    def runs(self, array, t, shown):
        """Run ends are recomputed: maximal runs of equal canonical values, the slice cut to size."""
        n = len(array)
        ends_field, values_field = child_fields(t)
        rows = np.searchsorted(array.run_ends.to_numpy(), np.arange(array.offset, array.offset + n), side="right")
        values, known = array.values, {}
        ends, keep, show, last = [], [], [], None
        for i in range(n):
            r = int(rows[i]) if shown[i] else -1
            if r not in known:
                known[r] = encoding(values, r, values_field)
            if last is None or known[r] != last:
                if keep:
                    ends.append(i)
                keep.append(max(r, 0))
                show.append(r >= 0)
                last = known[r]
        if n:
            ends.append(n)
        self.nodes.append((n, 0))
        self.column(pa.array(ends, t.run_end_type), ends_field, np.ones(len(ends), bool))
        self.column(take(values, np.array(keep, np.int64)), values_field, np.array(show, bool))

    def dictionary(self, array, t, valid, holder):
        """Unordered: entries in order of first use, unused ones dropped. Ordered: all entries stay. Equal ones merge."""
        number = self.ids.take()
        field = pa.field("", t.value_type)
        values = array.dictionary
        source = indices(array, t)
        used = range(len(values)) if t.ordered else [int(i) for i, v in zip(source, valid) if v]
        for i in used:
            if not 0 <= i < len(values):
                raise Invalid(f"field '{holder.name}' has an index outside its dictionary")
        place, known, keep = {}, {}, []
        for i in used:
            if i in place:
                continue
            if not logically_valid(values, i, field):
                continue
            mark = encoding(values, i, field)
            if mark not in known:
                known[mark] = len(keep)
                keep.append(i)
            place[i] = known[mark]
        index = np.array([place[int(i)] if v else 0 for i, v in zip(source, valid)], index_dtype(t))
        self.buffers.append(index.tobytes())
        inner = Body(self.dictionaries, self.ids)
        inner.column(take(values, np.array(keep, np.int64)), field, np.ones(len(keep), bool))
        self.dictionaries.append((number, len(keep), inner))


QUIET_NAN = {2: b"\x00\x7e", 4: b"\x00\x00\xc0\x7f", 8: b"\0\0\0\0\0\0\xf8\x7f"}


def encoding(values, i, field):
    """What makes one value equal to another: its canonical form with the contents of its dictionaries. -1: a hidden slot."""
    body, one = Body([], Ids()), values.slice(max(i, 0), 1)
    if len(one) == 0:
        one = pa.nulls(1, values.type)
    body.column(one, field, np.array([i >= 0]))
    bodies = [(-1, 1, body)] + body.dictionaries
    return tuple((number, length, tuple(b.nodes), tuple(b.buffers)) for number, length, b in bodies)


def logically_valid(values, i, field):
    t, _ = storage(field)
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_null(t):
        return False
    if pa.types.is_union(t) or pa.types.is_run_end_encoded(t):
        return True
    one = values.slice(i, 1)
    if one.null_count:
        return False
    return not (pa.types.is_dictionary(t) and null_entries(one, t)[0])


def null_entries(array, t):
    """The slots whose index points at a null of the dictionary."""
    field, values = pa.field("", t.value_type), array.dictionary
    dead = {i for i in range(len(values)) if not logically_valid(values, i, field)}
    if not dead:
        return np.zeros(len(array), bool)
    return np.array([int(i) in dead for i in indices(array, t)], bool)


def index_dtype(t):
    return np.dtype(("<i" if pa.types.is_signed_integer(t.index_type) else "<u") + str(t.index_type.bit_width // 8))


def indices(array, t):
    """The indices as they lie in memory, what stands under a null included."""
    return typed(array.buffers()[1], index_dtype(t), array.offset, len(array))


def whole_values(array, t):
    """The child that a list's or map's offsets point into, unsliced."""
    if pa.types.is_map(t):
        entries = pa.StructArray.from_arrays([array.keys, array.items], fields=[t.key_field, t.item_field])
        return entries
    return array.values


def take(values, index):
    if len(index) == len(values) and (index == np.arange(len(values))).all():
        return values
    if len(index) == 0:
        return values.slice(0, 0)
    jumps = np.flatnonzero(np.diff(index) != 1) + 1
    parts = [values.slice(int(run[0]), len(run)) for run in np.split(index, jumps)]
    return pa.concat_arrays(parts) if len(parts) > 1 else parts[0]


# ---------------------------------------------------------------- messages and blocks

ALIGN = 64


def record_batch_table(body, rows):
    position, layout, raw = 0, [], bytearray()
    for buffer in body.buffers:
        layout.append(struct.pack("<qq", len(raw), len(buffer)))
        raw += buffer
        pad(raw, ALIGN)
    nodes = Raw(len(body.nodes), b"".join(struct.pack("<qq", *n) for n in body.nodes))
    counts = Raw(len(body.variadic), b"".join(struct.pack("<q", c) for c in body.variadic))
    table = Table((0, "q", rows), (1, "o", nodes), (2, "o", Raw(len(layout), b"".join(layout))),
                  (4, "o", counts) if body.variadic else None)
    return table, bytes(raw)


def message(header_tag, header, body=b""):
    root = Table((0, "h", 4), (1, "b", header_tag), (2, "o", header), (3, "q", len(body)))
    meta = bytearray(flatbuffer(root))
    while (8 + len(meta)) % ALIGN:
        meta.append(0)
    return b"\xff\xff\xff\xff" + struct.pack("<i", len(meta)) + bytes(meta) + body


def encode(batch):
    """The canonical block of a pyarrow RecordBatch, as bytes."""
    dictionaries = []
    body = Body(dictionaries, Ids())
    for column, field in zip(batch.columns, batch.schema):
        body.column(column, field, np.ones(batch.num_rows, bool))
    out = message(1, schema_table(batch.schema))
    for number, rows, inner in dictionaries:
        data, raw = record_batch_table(inner, rows)
        out += message(2, Table((0, "q", number), (1, "o", data), (2, "b", 0)), raw)
    data, raw = record_batch_table(body, batch.num_rows)
    return out + message(3, data, raw) + b"\xff\xff\xff\xff\0\0\0\0"


def cid(block):
    """CIDv1, codec raw (0x55), multihash sha2-256, base32 lower case."""
    raw = b"\x01\x55\x12\x20" + hashlib.sha256(block).digest()
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def batches(path):
    source = pa.OSFile(path)
    head = source.read(6)
    source.seek(0)
    reader = pa.ipc.open_file(source) if head == b"ARROW1" else pa.ipc.open_stream(source)
    if head == b"ARROW1":
        return [reader.get_batch(i) for i in range(reader.num_record_batches)]
    return list(reader)


def main(argv):
    if len(argv) < 2 or argv[0] not in ("cid", "write", "check"):
        print(__doc__, file=sys.stderr)
        return 2
    if argv[0] == "check":
        wrong = 0
        for path in argv[1:]:
            raw = open(path, "rb").read()
            found = batches(path)
            if len(found) != 1 or encode(found[0]) != raw:
                print(f"not canonical: {path}")
                wrong = 1
        return wrong
    paths = argv[1:-1] if argv[0] == "write" else argv[1:]
    failed = 0
    for path in paths:
        try:
            blocks = [(encode(batch), batch.num_rows) for batch in batches(path)]
        except (Invalid, KeyError, OSError, pa.ArrowException) as e:
            print(f"cannot {path}: {type(e).__name__}: {e}", file=sys.stderr)
            failed = 1
            continue
        for i, (block, rows) in enumerate(blocks):
            if argv[0] == "write":
                with open(os.path.join(argv[-1], cid(block) + ".arrows"), "wb") as out:
                    out.write(block)
            print(cid(block), len(block), rows, f"{path}#{i}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
