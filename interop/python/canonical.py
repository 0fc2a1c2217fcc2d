#!/usr/bin/env python3
"""Encoder of the ArrowCid canonical block, version 1, on the standard library.

Slow and plain on purpose: an oracle to hold other encoders against, written from
src/ArrowCid/Ipc/Canonical/canonical-block.md alone. It reads Arrow IPC itself; of zstd bodies it needs Python 3.14, or
pyarrow, to decompress them.

    canonical.py cid FILE...        one line a batch: CID, bytes, rows, file#batch
    canonical.py write FILE... OUT  the same, and the blocks themselves as OUT/<cid>.arrows
    canonical.py check FILE...      0 where every file is a canonical block already
    canonical.py vectors FILE       computes the CIDs and fingerprints of interop/vectors/blocks.json

FILE is an Arrow IPC stream or file. One that has no canonical form is named on standard error, the others go on, and the
exit code is 1.

A batch is a list of Field and for each a list of values: None for a null, bytes for every fixed width (little-endian) and
for binary, str, bool, a list for lists, maps (of [key, value]), structs (in the order of the fields) and fixed-size lists,
and [code, value] for unions. Dictionaries and runs are given by the values that they lead to.
"""
import base64
import bisect
import hashlib
import json
import os
import struct
import sys


class Invalid(ValueError):
    """The batch has no canonical form: it breaks the columnar format's own rules."""


class Field:
    """A field. kind names the type as KINDS does, p its parameters, index a dictionary (bits, signed, ordered) or None.

    entries has the values of an ordered dictionary; an unordered one needs none.
    """

    def __init__(self, name, kind, p=None, nullable=True, children=(), index=None, metadata=(), entries=None, number=-1):
        self.name, self.kind, self.p, self.nullable = name, kind, p or {}, nullable
        self.children, self.index, self.metadata = list(children), index, [tuple(each) for each in metadata]
        self.entries, self.number = entries, number

    def plain(self):
        """The field of the values of a dictionary."""
        return Field(self.name, self.kind, self.p, True, self.children)


# The tag of each type in Arrow's union Type, and the parameters in the order of the slots, with their widths.
KINDS = {
    "null": (1, ()), "int": (2, (("bits", "i"), ("signed", "b"))), "float": (3, (("precision", "h"),)),
    "binary": (4, ()), "utf8": (5, ()), "bool": (6, ()),
    "decimal": (7, (("precision", "i"), ("scale", "i"), ("bits", "i"))), "date": (8, (("unit", "h"),)),
    "time": (9, (("unit", "h"), ("bits", "i"))), "timestamp": (10, (("unit", "h"),)), "interval": (11, (("unit", "h"),)),
    "list": (12, ()), "struct": (13, ()), "union": (14, (("mode", "h"),)), "fixed_binary": (15, (("width", "i"),)),
    "fixed_list": (16, (("size", "i"),)), "map": (17, (("sorted", "b"),)), "duration": (18, (("unit", "h"),)),
    "large_binary": (19, ()), "large_utf8": (20, ()), "large_list": (21, ()), "run_end": (22, ()),
    "binary_view": (23, ()), "utf8_view": (24, ()), "list_view": (25, ()), "large_list_view": (26, ()),
}
TEXTS = ("utf8", "large_utf8", "utf8_view")
BYTES = TEXTS + ("binary", "large_binary", "binary_view")
LISTS = ("list", "large_list", "map", "list_view", "large_list_view")
QUIET = {2: b"\x00\x7e", 4: b"\x00\x00\xc0\x7f", 8: b"\0\0\0\0\0\0\xf8\x7f"}
NAN = {2: (0x7FFF, 0x7C00), 4: (0x7FFFFFFF, 0x7F800000), 8: (0x7FFFFFFFFFFFFFFF, 0x7FF0000000000000)}
HIDDEN = object()
MAX_DEPTH = 32


def width(field):
    """Bytes a slot of a fixed width."""
    kind, p = field.kind, field.p
    if kind in ("int", "decimal", "time"):
        return p["bits"] // 8
    if kind == "float":
        return 2 << p["precision"]
    if kind == "date":
        return 4 << p["unit"]
    if kind == "interval":
        return 4 << p["unit"]
    return p["width"] if kind == "fixed_binary" else 8


# ---------------------------------------------------------------- FlatBuffers, front to back

SIZE = {"b": 1, "h": 2, "i": 4, "q": 8, "o": 4}


def pad(out, to, ahead=0):
    out += bytes(-(len(out) + ahead) % to)


def emit_table(out, *fields):
    """Append a table of (slot, width, value), where a reference's value writes its object and returns its position."""
    fields = [each for each in fields if each is not None]
    cursor, at = 4, {}
    for slot, kind, _ in fields:
        cursor = -(-cursor // SIZE[kind]) * SIZE[kind]
        at[slot] = cursor
        cursor += SIZE[kind]
    last = max(at, default=-1)
    vtable = struct.pack("<HH", 6 + 2 * last, cursor)
    vtable += b"".join(struct.pack("<H", at.get(slot, 0)) for slot in range(last + 1))
    pad(out, 8, len(vtable))
    out += vtable
    here = len(out)
    out += struct.pack("<i", len(vtable)) + bytes(cursor - 4)
    for slot, kind, value in fields:
        if kind != "o":
            struct.pack_into("<" + kind.replace("b", "B"), out, here + at[slot], value)
    for slot, kind, value in fields:
        if kind == "o":
            struct.pack_into("<I", out, here + at[slot], value(out) - here - at[slot])
    return here


def table(*fields):
    return lambda out: emit_table(out, *fields)


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()

    def emit(out):
        pad(out, 4)
        here = len(out)
        out.extend(struct.pack("<I", len(raw)) + raw + b"\0")
        return here
    return emit


def tables(items):
    def emit(out):
        pad(out, 4)
        here = len(out)
        out.extend(struct.pack("<I", len(items)) + bytes(4 * len(items)))
        for i, item in enumerate(items):
            slot = here + 4 + 4 * i
            struct.pack_into("<I", out, slot, item(out) - slot)
        return here
    return emit


def raws(count, raw, align=8):
    def emit(out):
        pad(out, align, 4 if align == 8 else 0)
        here = len(out)
        out.extend(struct.pack("<I", count) + raw)
        return here
    return emit


# ---------------------------------------------------------------- schema

def key_values(pairs, slot):
    pairs = sorted((key.encode(), (value or "").encode()) for key, value in pairs)
    if not pairs:
        return None
    return slot, "o", tables([table((0, "o", text(key)), (1, "o", text(value))) for key, value in pairs])


def canonical_fields(field, depth=1):
    """The children of a field under their canonical names."""
    if depth > MAX_DEPTH:
        raise Invalid(f"field '{field.name}' is nested deeper than {MAX_DEPTH}")

    def named(child, name, nullable=None, own=True):
        meta = child.metadata if own else [each for each in child.metadata if each[0].startswith("ARROW:extension:")]
        return Field(name, child.kind, child.p, child.nullable if nullable is None else nullable, child.children,
                     child.index, meta, child.entries, child.number)

    if field.kind == "map":
        entries = named(field.children[0], "entries", False, own=False)
        key, value = entries.children
        entries.children = [named(key, "key", False), named(value, "value")]
        return [entries]
    if field.kind == "run_end":
        ends, values = field.children
        return [named(ends, "run_ends", False, own=False), named(values, "values", True, own=False)]
    if field.kind in LISTS or field.kind == "fixed_list":
        return [named(field.children[0], "item")]
    return field.children


def field_table(field, ids, depth=1):
    tag, slots = KINDS[field.kind]
    parameters = [(i, kind, field.p[name]) for i, (name, kind) in enumerate(slots)]
    if field.kind == "timestamp" and field.p.get("zone"):
        parameters.append((1, "o", text(field.p["zone"])))
    if field.kind == "union":
        codes = field.p["codes"]
        parameters.append((1, "o", raws(len(codes), struct.pack(f"<{len(codes)}i", *codes), 4)))
    encoding = None
    if field.index:
        index = table((0, "i", field.index["bits"]), (1, "b", int(field.index["signed"])))
        encoding = (4, "o", table((0, "q", next(ids)), (1, "o", index), (2, "b", int(field.index["ordered"])), (3, "h", 0)))
    children = [field_table(child, ids, depth + 1) for child in canonical_fields(field, depth)]
    metadata = [each for each in field.metadata if each[0] != "ARROW:extension:metadata" or each[1]]
    return table((0, "o", text(field.name)), (1, "b", int(field.nullable)), (2, "b", tag), (3, "o", table(*parameters)),
                 encoding, (5, "o", tables(children)), key_values(metadata, 6))


def schema_table(fields, metadata):
    ids = iter(range(1 << 31))
    return table((0, "h", 0), (1, "o", tables([field_table(field, ids) for field in fields])), key_values(metadata, 2))


# ---------------------------------------------------------------- columns

def bitmap(flags):
    out = bytearray((len(flags) + 7) // 8)
    for i, flag in enumerate(flags):
        if flag:
            out[i >> 3] |= 1 << (i & 7)
    return bytes(out)


def quiet(raw):
    mask, infinity = NAN[len(raw)]
    return QUIET[len(raw)] if int.from_bytes(raw, "little") & mask > infinity else raw


def key(field, value):
    """What makes one value equal to another: what decides over its canonical bytes. A hidden value is HIDDEN."""
    gone = value is HIDDEN or value is None
    if field.index or field.kind not in ("union", "run_end"):
        if gone or field.kind == "null":
            return None
        if field.kind == "float":
            return quiet(value)
        if field.kind == "struct":
            return tuple(key(child, each) for child, each in zip(field.children, value))
        if field.kind == "map":
            ends = field.children[0].children
            return tuple((key(ends[0], each[0]), key(ends[1], each[1])) for each in value)
        if field.kind in LISTS or field.kind == "fixed_list":
            return tuple(key(field.children[0], each) for each in value)
        return value
    if field.kind == "run_end":
        return key(field.children[1], value)
    code, inner = (field.p["codes"][0], HIDDEN) if gone else value
    return code, key(field.children[field.p["codes"].index(code)], inner)


class Body:
    """What one RecordBatch message holds: nodes, buffers and variadic counts, in pre-order."""

    def __init__(self, dictionaries, ids):
        self.nodes, self.buffers, self.variadic = [], [], []
        self.dictionaries, self.ids = dictionaries, ids

    def column(self, field, values):
        """Append a column. A value is HIDDEN where an ancestor's null hides it."""
        count, kind = len(values), field.kind
        if field.index is None and kind == "null":
            self.nodes.append((count, count))
            return
        if field.index is None and kind in ("union", "run_end"):
            (self.union if kind == "union" else self.runs)(field, values)
            return
        valid = [value is not None and value is not HIDDEN for value in values]
        if not field.nullable and any(value is None for value in values):
            raise Invalid(f"field '{field.name}' is not nullable and holds a null")
        nulls = count - sum(valid)
        self.nodes.append((count, nulls))
        self.buffers.append(bitmap(valid) if nulls else b"")
        if field.index:
            self.dictionary(field, values, valid)
        elif kind == "bool":
            self.buffers.append(bitmap([flag and value for value, flag in zip(values, valid)]))
        elif kind in ("binary_view", "utf8_view"):
            self.views([encoded(value) if flag else b"" for value, flag in zip(values, valid)])
        elif kind in BYTES:
            parts = [encoded(value) if flag else b"" for value, flag in zip(values, valid)]
            self.offsets(map(len, parts), kind.startswith("large"))
            self.buffers.append(b"".join(parts))
        elif kind in LISTS:
            self.lists(field, [value if flag else [] for value, flag in zip(values, valid)])
        elif kind == "fixed_list":
            hidden = [HIDDEN] * field.p["size"]
            self.column(canonical_fields(field)[0],
                        [each for value, flag in zip(values, valid) for each in (value if flag else hidden)])
        elif kind == "struct":
            for i, child in enumerate(field.children):
                self.column(child, [value[i] if flag else HIDDEN for value, flag in zip(values, valid)])
        else:
            zero = bytes(width(field))
            fold = quiet if kind == "float" else bytes
            self.buffers.append(b"".join(fold(value) if flag else zero for value, flag in zip(values, valid)))

    def offsets(self, sizes, is_large):
        ends = [0]
        for size in sizes:
            ends.append(ends[-1] + size)
        if not is_large and ends[-1] > 0x7FFFFFFF:
            raise Invalid("a buffer or child is over 2^31 - 1")
        self.buffers.append(struct.pack(f"<{len(ends)}{'q' if is_large else 'i'}", *ends))

    def views(self, parts):
        slots, data = bytearray(), bytearray()
        for raw in parts:
            if len(raw) <= 12:
                slots += struct.pack("<i12s", len(raw), raw)
            else:
                slots += struct.pack("<i4sii", len(raw), raw[:4], 0, len(data))
                data += raw
        self.buffers.append(bytes(slots))
        self.variadic.append(1 if data else 0)
        if data:
            self.buffers.append(bytes(data))

    def lists(self, field, values):
        is_large = field.kind.startswith("large")
        if field.kind.endswith("view"):
            form, starts, at = f"<{len(values)}{'q' if is_large else 'i'}", [], 0
            for value in values:
                starts.append(at)
                at += len(value)
            self.buffers.append(struct.pack(form, *starts))
            self.buffers.append(struct.pack(form, *map(len, values)))
        else:
            self.offsets(map(len, values), is_large)
        self.column(canonical_fields(field)[0], [each for value in values for each in value])

    def union(self, field, values):
        codes = field.p["codes"]
        pairs = [[codes[0], HIDDEN] if value is HIDDEN or value is None else value for value in values]
        self.nodes.append((len(values), 0))
        self.buffers.append(struct.pack(f"<{len(pairs)}b", *(code for code, _ in pairs)))
        if field.p["mode"] == 0:
            for child, own in zip(field.children, codes):
                self.column(child, [value if code == own else HIDDEN for code, value in pairs])
            return
        seen = dict.fromkeys(codes, 0)
        offsets = []
        for code, _ in pairs:
            offsets.append(seen[code])
            seen[code] += 1
        self.buffers.append(struct.pack(f"<{len(offsets)}i", *offsets))
        for child, own in zip(field.children, codes):
            self.column(child, [value for code, value in pairs if code == own])

    def runs(self, field, values):
        ends_field, values_field = canonical_fields(field)
        ends, kept, last = [], [], None
        for i, value in enumerate(values):
            mark = (key(values_field, value),)
            if mark != last:
                if kept:
                    ends.append(i)
                kept.append(value)
                last = mark
        if values:
            ends.append(len(values))
        self.nodes.append((len(values), 0))
        size = width(ends_field)
        self.column(ends_field, [end.to_bytes(size, "little") for end in ends])
        self.column(values_field, kept)

    def dictionary(self, field, values, valid):
        number, plain, place, entries = next(self.ids), field.plain(), {}, []
        source = field.entries if field.index["ordered"] else [v for v, flag in zip(values, valid) if flag]
        for entry in source or []:
            mark = key(plain, entry)
            if entry is not None and mark not in place:
                place[mark] = len(entries)
                entries.append(entry)
        size = field.index["bits"] // 8
        self.buffers.append(b"".join((place[key(plain, value)] if flag else 0).to_bytes(size, "little")
                                     for value, flag in zip(values, valid)))
        inner = Body(self.dictionaries, self.ids)
        inner.column(plain, entries)
        self.dictionaries.append((number, len(entries), inner))


def encoded(value):
    return value.encode() if isinstance(value, str) else value


# ---------------------------------------------------------------- messages and blocks

def record_batch(body, rows):
    layout, raw = [], bytearray()
    for buffer in body.buffers:
        layout.append(struct.pack("<qq", len(raw), len(buffer)))
        raw += buffer
        pad(raw, 64)
    nodes = b"".join(struct.pack("<qq", *node) for node in body.nodes)
    counts = struct.pack(f"<{len(body.variadic)}q", *body.variadic)
    return table((0, "q", rows), (1, "o", raws(len(body.nodes), nodes)), (2, "o", raws(len(layout), b"".join(layout))),
                 (4, "o", raws(len(body.variadic), counts)) if body.variadic else None), bytes(raw)


def message(tag, header, body=b""):
    meta = bytearray(4)
    root = emit_table(meta, (0, "h", 4), (1, "b", tag), (2, "o", header), (3, "q", len(body)))
    struct.pack_into("<I", meta, 0, root)
    pad(meta, 64, 8)
    return b"\xff\xff\xff\xff" + struct.pack("<i", len(meta)) + bytes(meta) + body


def encode_values(fields, columns, rows, metadata=()):
    """The canonical block of a batch: its fields, for each a list of values, and the schema's metadata."""
    dictionaries = []
    body = Body(dictionaries, iter(range(1 << 31)))
    for field, values in zip(fields, columns):
        body.column(field, values)
    out = message(1, schema_table(fields, metadata))
    for number, count, inner in dictionaries:
        data, raw = record_batch(inner, count)
        out += message(2, table((0, "q", number), (1, "o", data), (2, "b", 0)), raw)
    data, raw = record_batch(body, rows)
    return out + message(3, data, raw) + b"\xff\xff\xff\xff\0\0\0\0"


def encode(batch):
    """The canonical block of a RecordBatch of pyarrow, or of a Batch, as bytes."""
    if not isinstance(batch, Batch):
        import pyarrow as pa
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        batch = next(iter(Reader(sink.getvalue().to_pybytes()).batches()))
    return encode_values(batch.fields, batch.columns, batch.rows, batch.metadata)


def cid(block):
    """CIDv1, codec raw (0x55), multihash sha2-256, base32 lower case."""
    return cid_of(hashlib.sha256(block).digest())


def cid_of(digest):
    return "b" + base64.b32encode(b"\x01\x55\x12\x20" + digest).decode().lower().rstrip("=")


# ---------------------------------------------------------------- reading Arrow IPC

class Batch:
    """A batch that was read: fields, columns of values, rows and the schema's metadata."""

    def __init__(self, fields, columns, rows, metadata):
        self.fields, self.columns, self.rows, self.metadata = fields, columns, rows, metadata


class Tab:
    """A table of a flatbuffer."""

    def __init__(self, raw, at):
        self.raw, self.at = raw, at

    @staticmethod
    def root(raw, at=0):
        return Tab(raw, at + struct.unpack_from("<I", raw, at)[0])

    def slot(self, i):
        vtable = self.at - struct.unpack_from("<i", self.raw, self.at)[0]
        size = struct.unpack_from("<H", self.raw, vtable)[0]
        offset = struct.unpack_from("<H", self.raw, vtable + 4 + 2 * i)[0] if 4 + 2 * i < size else 0
        return self.at + offset if offset else None

    def scalar(self, i, form, default=0):
        at = self.slot(i)
        return default if at is None else struct.unpack_from("<" + form, self.raw, at)[0]

    def ref(self, i):
        at = self.slot(i)
        return None if at is None else at + struct.unpack_from("<I", self.raw, at)[0]

    def table(self, i):
        at = self.ref(i)
        return None if at is None else Tab(self.raw, at)

    def text(self, i):
        at = self.ref(i)
        if at is None:
            return ""
        size = struct.unpack_from("<I", self.raw, at)[0]
        return bytes(self.raw[at + 4:at + 4 + size]).decode("utf-8")

    def structs(self, i, form):
        at = self.ref(i)
        if at is None:
            return []
        count, size = struct.unpack_from("<I", self.raw, at)[0], struct.calcsize("<" + form)
        return [struct.unpack_from("<" + form, self.raw, at + 4 + size * j) for j in range(count)]

    def tables(self, i):
        at = self.ref(i)
        if at is None:
            return []
        count = struct.unpack_from("<I", self.raw, at)[0]
        slots = (at + 4 + 4 * j for j in range(count))
        return [Tab(self.raw, slot + struct.unpack_from("<I", self.raw, slot)[0]) for slot in slots]

    def pairs(self, i):
        found = [(pair.text(0), pair.text(1)) for pair in self.tables(i)]
        if len({name for name, _ in found}) < len(found):
            raise Invalid("a metadata key is given twice")
        return found


DEFAULTS = {("decimal", "bits"): 128, ("date", "unit"): 1, ("time", "unit"): 1, ("time", "bits"): 32,
            ("duration", "unit"): 1}


class Reader:
    """An Arrow IPC stream or file."""

    def __init__(self, raw):
        self.raw, self.fields, self.metadata, self.endian = raw, None, [], "<"
        self.dictionaries, self.by_number = {}, {}

    def batches(self):
        if self.raw[:6] == b"ARROW1":
            yield from self.file()
            return
        at = 0
        while at + 8 <= len(self.raw):
            head, at, body = self.message(at)
            if head is None:
                return
            tag = head.scalar(1, "B")
            if tag == 1:
                self.schema(head.table(2))
            elif tag == 2:
                self.dictionary(head, body)
            elif tag == 3:
                yield self.batch(head, body)

    def file(self):
        size = struct.unpack_from("<i", self.raw, len(self.raw) - 10)[0]
        foot = Tab.root(self.raw, len(self.raw) - 10 - size)
        self.schema(foot.table(1))
        for i in (2, 3):
            for at, _, _ in foot.structs(i, "qi4xq"):
                head, _, body = self.message(at)
                if i == 2:
                    self.dictionary(head, body)
                else:
                    yield self.batch(head, body)

    def message(self, at):
        size = struct.unpack_from("<i", self.raw, at)[0]
        at += 4
        if size == -1:
            size = struct.unpack_from("<i", self.raw, at)[0]
            at += 4
        if size <= 0:
            return None, at, b""
        head = Tab.root(self.raw, at)
        length = head.scalar(3, "q")
        return head, at + size + length, self.raw[at + size:at + size + length]

    def schema(self, head):
        self.endian = "<>"[head.scalar(0, "h")]
        self.fields = [self.field(each) for each in head.tables(1)]
        self.metadata = head.pairs(2)

    def field(self, tab):
        tag, parameters = tab.scalar(2, "B"), tab.table(3)
        kind = next(name for name, (number, _) in KINDS.items() if number == tag)
        forms = {"b": "B", "h": "h", "i": "i"}
        p = {name: parameters.scalar(i, forms[form], DEFAULTS.get((kind, name), 0))
             for i, (name, form) in enumerate(KINDS[kind][1])} if parameters else {}
        children = [self.field(each) for each in tab.tables(5)]
        if kind == "timestamp":
            p["zone"] = parameters.text(1)
        if kind == "union":
            p["codes"] = [code for code, in parameters.structs(1, "i")] or list(range(len(children)))
        index, number, encoding = None, -1, tab.table(4)
        if encoding:
            number, of = encoding.scalar(0, "q"), encoding.table(1)
            index = {"bits": of.scalar(0, "i") if of else 32, "signed": bool(of.scalar(1, "B")) if of else True,
                     "ordered": bool(encoding.scalar(2, "B"))}
        made = Field(tab.text(0), kind, p, bool(tab.scalar(1, "B")), children, index, tab.pairs(6), None, number)
        if encoding:
            self.by_number.setdefault(number, made)
        return made

    def dictionary(self, head, body):
        batch = head.table(2)
        number = batch.scalar(0, "q")
        if number not in self.by_number:
            raise Invalid(f"there is no dictionary {number}")
        column = self.body(head, batch.table(1), body).column(self.by_number[number].plain())
        before = self.dictionaries.get(number, []) if batch.scalar(2, "B") else []
        self.dictionaries[number] = before + [column]

    def batch(self, head, body):
        tab = head.table(2)
        rows, source = tab.scalar(0, "q"), self.body(head, tab, body)
        columns = [self.values(source.column(field), range(rows)) for field in self.fields]
        for field in self.fields:
            self.fill_entries(field)
        return Batch(self.fields, columns, rows, self.metadata)

    def fill_entries(self, field):
        if field.index and field.index["ordered"]:
            field.entries = self.entries(field.number)
        for child in field.children:
            self.fill_entries(child)

    def entries(self, number):
        return [value for part in self.dictionaries.get(number, []) for value in self.values(part, range(part.count))]

    def body(self, head, tab, raw):
        codec = tab.table(3)
        return RawBody(tab, raw, head.scalar(0, "h") < 4, None if codec is None else codec.scalar(0, "B"))

    def values(self, column, slots):
        """The values of some slots; what lies under a null is never looked at."""
        field, buffers = column.field, column.buffers
        kind = field.kind
        if field.index is None and kind == "null":
            return [None] * len(slots)
        if field.index is None and kind == "union":
            return self.union(column, slots)
        if field.index is None and kind == "run_end":
            ends = [int.from_bytes(end, "little") for end in
                    self.values(column.children[0], range(column.children[0].count))]
            return self.spread(column.children[1], [bisect.bisect_right(ends, slot) for slot in slots])
        bits = buffers[0]
        valid = [not bits or bits[slot >> 3] >> (slot & 7) & 1 for slot in slots]
        shown = [slot for slot, flag in zip(slots, valid) if flag]
        found = iter(self.dictionary_values(column, shown) if field.index else self.plain(column, shown))
        return [next(found) if flag else None for flag in valid]

    def dictionary_values(self, column, slots):
        index = column.field.index
        size, entries = index["bits"] // 8, self.entries(column.field.number)
        order = "little" if self.endian == "<" else "big"
        at = [int.from_bytes(column.buffers[1][size * s:size * s + size], order, signed=index["signed"]) for s in slots]
        if any(not 0 <= i < len(entries) for i in at):
            raise Invalid(f"field '{column.field.name}' has an index outside its dictionary")
        return [entries[i] for i in at]

    def numbers(self, raw, is_large, slots):
        form, size = self.endian + ("q" if is_large else "i"), 8 if is_large else 4
        return [struct.unpack_from(form, raw, size * slot)[0] for slot in slots]

    def plain(self, column, slots):
        field, buffers, kind = column.field, column.buffers, column.field.kind
        if kind == "bool":
            return [bool(buffers[1][slot >> 3] >> (slot & 7) & 1) for slot in slots]
        if kind == "struct":
            return [list(row) for row in zip(*(self.values(child, slots) for child in column.children))] \
                if column.children else [[] for _ in slots]
        if kind == "fixed_list":
            return self.extents(column, [(slot * field.p["size"], field.p["size"]) for slot in slots])
        is_large = kind.startswith("large")
        if kind in ("list_view", "large_list_view"):
            return self.extents(column, list(zip(self.numbers(buffers[1], is_large, slots),
                                                 self.numbers(buffers[2], is_large, slots))))
        if kind in LISTS or (kind in BYTES and not kind.endswith("view")):
            starts = self.numbers(buffers[1], is_large, slots)
            extents = [(s, e - s) for s, e in zip(starts, self.numbers(buffers[1], is_large, [s + 1 for s in slots]))]
            if kind in LISTS:
                return self.extents(column, extents)
            return [self.text(field, buffers[2], start, size) for start, size in extents]
        if kind in BYTES:
            return [self.view(column, slot) for slot in slots]
        size = width(field)
        return [self.swapped(field, bytes(buffers[1][size * slot:size * slot + size])) for slot in slots]

    def text(self, field, data, start, size):
        if start < 0 or size < 0 or start + size > len(data):
            raise Invalid(f"field '{field.name}' has an offset outside its data")
        raw = bytes(data[start:start + size])
        return raw.decode("utf-8") if field.kind in TEXTS else raw

    def view(self, column, slot):
        at = 16 * slot
        size, = struct.unpack_from(self.endian + "i", column.buffers[1], at)
        if size <= 12:
            return self.text(column.field, column.buffers[1], at + 4, size)
        number, start = struct.unpack_from(self.endian + "ii", column.buffers[1], at + 8)
        return self.text(column.field, column.buffers[2 + number], start, size)

    def swapped(self, field, raw):
        if self.endian == "<" or field.kind == "fixed_binary":
            return raw
        if field.kind == "interval" and field.p["unit"] > 0:
            return b"".join(part[::-1] for part in (raw[:4], raw[4:8], raw[8:]))
        return raw[::-1]

    def extents(self, column, extents):
        child = column.children[0]
        if any(start < 0 or size < 0 or start + size > child.count for start, size in extents):
            raise Invalid(f"field '{column.field.name}' has an offset outside its child")
        found = iter(self.values(child, [i for start, size in extents for i in range(start, start + size)]))
        return [[next(found) for _ in range(size)] for _, size in extents]

    def spread(self, column, slots):
        known = sorted(set(slots))
        found = dict(zip(known, self.values(column, known)))
        return [found[slot] for slot in slots]

    def union(self, column, slots):
        codes = column.field.p["codes"]
        picked = [struct.unpack_from("b", column.buffers[0], slot)[0] for slot in slots]
        at = self.numbers(column.buffers[1], False, slots) if column.field.p["mode"] else list(slots)
        out = [None] * len(picked)
        for child, code in zip(column.children, codes):
            mine = [i for i, each in enumerate(picked) if each == code]
            for i, value in zip(mine, self.values(child, [at[i] for i in mine])):
                out[i] = [code, value]
        if None in out:
            raise Invalid(f"field '{column.field.name}' has a type code that is none of its children's")
        return out


class Column:
    """A column as it lies in a message."""

    def __init__(self, field, count, buffers, children):
        self.field, self.count, self.buffers, self.children = field, count, buffers, children


class RawBody:
    """The nodes and buffers of a message, taken in pre-order."""

    def __init__(self, tab, raw, is_old, codec):
        self.raw, self.is_old, self.codec = raw, is_old, codec
        self.nodes, self.buffers = iter(tab.structs(1, "qq")), iter(tab.structs(2, "qq"))
        self.variadic = iter(tab.structs(4, "q"))

    def buffer(self):
        start, size = next(self.buffers)
        raw = self.raw[start:start + size]
        if self.codec is None or len(raw) == 0:
            return raw
        length = struct.unpack_from("<q", raw)[0]
        return raw[8:] if length == -1 else decompress(self.codec, bytes(raw[8:]), length)

    def column(self, field):
        count, _ = next(self.nodes)
        kind = field.kind
        if field.index:
            return Column(field, count, [self.buffer(), self.buffer()], [])
        if kind == "union" and self.is_old:
            self.buffer()
        number = {"null": 0, "run_end": 0, "struct": 1, "fixed_list": 1, "list_view": 3, "large_list_view": 3}.get(kind, 2)
        if kind == "union":
            number = 1 + field.p["mode"]
        elif kind in ("binary_view", "utf8_view"):
            number = 2 + next(self.variadic)[0]
        elif kind in BYTES:
            number = 3
        buffers = [self.buffer() for _ in range(number)]
        return Column(field, count, buffers, [self.column(child) for child in field.children])


def decompress(codec, raw, length):
    if codec == 0:
        return lz4(raw)
    try:
        from compression import zstd
        return zstd.decompress(raw)
    except ImportError:
        pass
    try:
        import pyarrow as pa
        return pa.Codec("zstd").decompress(raw, decompressed_size=length).to_pybytes()
    except ImportError as e:
        raise Invalid("zstd needs Python 3.14 or pyarrow") from e


def lz4(raw):
    """An LZ4 frame."""
    flags, at, out = raw[4], 7 + (8 if raw[4] & 8 else 0), bytearray()
    while True:
        size = struct.unpack_from("<I", raw, at)[0]
        at += 4
        if size == 0:
            return bytes(out)
        block = raw[at:at + (size & 0x7FFFFFFF)]
        at += len(block) + (4 if flags & 16 else 0)
        if size >> 31:
            out += block
        else:
            lz4_block(block, out)


def lz4_block(raw, out):
    at = 0

    def more(size):
        nonlocal at
        while size >= 15:
            step = raw[at]
            at += 1
            size += step
            if step < 255:
                break
        return size

    while at < len(raw):
        token = raw[at]
        at += 1
        size = more(token >> 4)
        out += raw[at:at + size]
        at += size
        if at >= len(raw):
            return
        back = raw[at] | raw[at + 1] << 8
        at += 2
        size = more(token & 15) + 4
        for _ in range(size):
            out.append(out[-back])


# ---------------------------------------------------------------- vectors and the command

def field_of(data):
    return Field(data["name"], data["kind"], data.get("p"), data["nullable"], map(field_of, data.get("children", [])),
                 data.get("index"), data.get("metadata", []), None)


def value_of(field, data):
    """A value as interop/vectors/blocks.json has it."""
    if data is None:
        return None
    if field.kind == "union":
        return [data[0], value_of(field.children[field.p["codes"].index(data[0])], data[1])]
    if field.kind == "run_end":
        return value_of(field.children[1], data)
    if field.kind == "struct":
        return [value_of(child, each) for child, each in zip(field.children, data)]
    if field.kind in LISTS or field.kind == "fixed_list":
        return [value_of(field.children[0], each) for each in data]
    return data if field.kind in TEXTS or field.kind == "bool" else bytes.fromhex(data)


def fill(field, data):
    if data.get("entries") is not None:
        field.entries = [value_of(field, each) for each in data["entries"]]
    for child, each in zip(field.children, data.get("children", [])):
        fill(child, each)


def vectors(path):
    import lfp1
    with open(path, encoding="utf-8") as source:
        every = json.load(source)["vectors"]
    wrong = 0
    for vector in every:
        fields = [field_of(each) for each in vector["fields"]]
        for field, each in zip(fields, vector["fields"]):
            fill(field, each)
        columns = [[value_of(field, each) for each in values] for field, values in zip(fields, vector["columns"])]
        block = encode_values(fields, columns, vector["rows"], vector.get("metadata", []))
        fingerprint, names = lfp1.fingerprint(fields, [(columns, vector["rows"])])
        for what, made in (("cid", cid(block)), ("bytes", len(block)), ("lfp1", fingerprint), ("columnCids", names)):
            if made != vector[what]:
                print(f"{vector['name']}: {what} is {made}, expected is {vector[what]}")
                wrong += 1
    print(f"python: {len(every)} vectors, {wrong} differences")
    return 1 if wrong else 0


def batches(path):
    with open(path, "rb") as source:
        return list(Reader(source.read()).batches())


def main(argv):
    if len(argv) < 2 or argv[0] not in ("cid", "write", "check", "vectors"):
        print(__doc__, file=sys.stderr)
        return 2
    if argv[0] == "vectors":
        return vectors(argv[1])
    if argv[0] == "check":
        wrong = 0
        for path in argv[1:]:
            with open(path, "rb") as source:
                raw = source.read()
            found = batches(path)
            if len(found) != 1 or encode(found[0]) != raw:
                print(f"not canonical: {path}")
                wrong = 1
        return wrong
    paths = argv[1:-1] if argv[0] == "write" else argv[1:]
    failed = 0
    for path in paths:
        try:
            blocks = [(encode(batch), batch.rows) for batch in batches(path)]
        except (ValueError, OSError, struct.error, LookupError) as e:
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
