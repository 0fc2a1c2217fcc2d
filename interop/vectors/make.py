#!/usr/bin/env python3
"""Writes blocks.json from the blocks of tests/ArrowCid.Tests/Data/vectors, whose CIDs other encoders gave, and from the
tables below, which it writes as blocks to Data/vectors/lfp1. Run it after a change of lfp1.md; tests hold the result.
"""
import csv
import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "../../tests/ArrowCid.Tests/Data/vectors")
sys.path.insert(0, os.path.join(HERE, "../python"))

import canonical  # noqa: E402
import lfp1  # noqa: E402
from canonical import Field  # noqa: E402


def ints(bits, *values):
    return [None if v is None else v.to_bytes(bits // 8, "little", signed=True) for v in values]


def floats(*values):
    return [None if v is None else struct.pack("<d", v) for v in values]


def i(bits=32, signed=True):
    return {"bits": bits, "signed": signed}


def index(bits=32, ordered=False):
    return {"bits": bits, "signed": True, "ordered": ordered}


def tables():
    """(name, field, values): one column each; names with one word before the dash have one fingerprint."""
    texts = ["a", None, "thirteen chars", "", "a", "é"]
    for kind in canonical.TEXTS:
        yield f"text-{kind}", Field("c", kind), texts
    yield "text-dictionary", Field("c", "utf8", index=index(8)), texts
    yield "text-ordered", Field("c", "utf8", index=index(16, True), entries=["z", "é", "", "thirteen chars", "a"]), texts
    yield "required-text", Field("c", "utf8_view", nullable=False, metadata=[("k", "v")]), ["", "b"]
    runs = [Field("run_ends", "int", i(16), False), Field("values", "utf8")]
    yield "text-runs", Field("c", "run_end", children=runs), texts
    numbers = ints(64, 7, None, -1, 7)
    yield "int-plain", Field("c", "int", i(64)), numbers
    yield "int-dictionary", Field("c", "int", i(64), index=index(64)), numbers
    yield "narrow-plain", Field("c", "int", i(32)), ints(32, 7, None, -1, 7)
    yield "unsigned-plain", Field("c", "int", i(64, False)), numbers
    yield "zero-positive", Field("c", "float", {"precision": 2}), floats(0.0, float("nan"), 1.5)
    odd = [struct.pack("<d", -0.0), bytes.fromhex("010000000000f0ff"), struct.pack("<d", 1.5)]
    yield "zero-negative", Field("c", "float", {"precision": 2}), odd
    yield "half-plain", Field("c", "float", {"precision": 0}), [b"\x00\x80", b"\x01\xfc", None, b"\x00\x3c"]
    yield "single-plain", Field("c", "float", {"precision": 1}), [b"\0\0\0\x80", b"\0\0\x80\x3f", b"\x01\0\x80\x7f"]
    for bits in (32, 64, 128, 256):
        decimal = {"precision": 9, "scale": 2, "bits": bits}
        yield f"decimal-{bits}", Field("c", "decimal", decimal), ints(bits, 12345, None, -1)
    yield "scaled-128", Field("c", "decimal", {"precision": 9, "scale": -2, "bits": 128}), ints(128, 12345, None, -1)
    for name in ("UTC", "Etc/UTC", "+00:00", "-0000", "z"):
        yield f"instant-{name}", Field("c", "timestamp", {"unit": 2, "zone": name}), ints(64, 0, None, 1)
    for name in ("+05:30", "+0530"):
        yield f"offset-{name}", Field("c", "timestamp", {"unit": 2, "zone": name}), ints(64, 0, None, 1)
    yield "zone-named", Field("c", "timestamp", {"unit": 2, "zone": "Asia/Kolkata"}), ints(64, 0, None, 1)
    yield "local-plain", Field("c", "timestamp", {"unit": 2, "zone": ""}), ints(64, 0, None, 1)
    yield "milliseconds-plain", Field("c", "timestamp", {"unit": 1, "zone": ""}), ints(64, 0, None, 1)
    lists = [ints(32, 1, None), None, [], ints(32, 2)]
    for kind in ("list", "large_list", "list_view", "large_list_view"):
        yield f"list-{kind}", Field("c", kind, children=[Field("item", "int", i())]), lists
    item = Field("item", "int", i(), index=index(8))
    yield "list-dictionaries", Field("c", "list", children=[item]), lists
    pairs = [ints(32, 1, None), None, ints(32, 2, 3)]
    yield "fixed-list", Field("c", "fixed_list", {"size": 2}, children=[Field("item", "int", i())]), pairs
    entry = Field("entries", "struct", nullable=False, children=[Field("key", "utf8", nullable=False), Field("value", "int", i())])
    maps = [[["k", ints(32, 1)[0]], ["l", None]], None, []]
    yield "map-plain", Field("c", "map", {"sorted": 0}, children=[entry]), maps
    yield "map-sorted", Field("c", "map", {"sorted": 1}, children=[entry]), maps
    members = [Field("x", "int", i()), Field("y", "large_utf8")]
    yield "struct-plain", Field("c", "struct", children=members), [[ints(32, 1)[0], None], None, [None, "y"]]
    picks = [[5, ints(32, 1)[0]], [2, "b"], [5, None]]
    for mode, word in ((0, "sparse"), (1, "dense")):
        union = {"mode": mode, "codes": [5, 2]}
        yield f"union-{word}", Field("c", "union", union, children=members), picks
    yield "bytes-binary", Field("c", "binary"), [b"", None, b"\x00\xff"]
    yield "bytes-view", Field("c", "binary_view"), [b"", None, b"\x00\xff"]
    yield "wide-fixed", Field("c", "fixed_binary", {"width": 3}), [b"abc", None, b"\0\0\0"]
    yield "bool-plain", Field("c", "bool"), [True, None, False]
    yield "null-plain", Field("c", "null"), [None, None]
    yield "day-plain", Field("c", "date", {"unit": 0}), ints(32, 0, None, -1)
    yield "millisecondday-plain", Field("c", "date", {"unit": 1}), ints(64, 0, None, -86400000)
    yield "seconds-time", Field("c", "time", {"unit": 0, "bits": 32}), ints(32, 0, None, 86399)
    yield "nanoseconds-time", Field("c", "time", {"unit": 3, "bits": 64}), ints(64, 0, None, 1)
    yield "span-plain", Field("c", "duration", {"unit": 3}), ints(64, 0, None, -1)
    for unit, word in enumerate(("months", "days", "mixed")):
        yield f"{word}-interval", Field("c", "interval", {"unit": unit}), [bytes(range(4 << unit)), None]


def json_value(value):
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return [json_value(each) for each in value] if isinstance(value, list) else value


def json_field(field):
    made = {"name": field.name, "nullable": field.nullable, "kind": field.kind}
    if field.p:
        made["p"] = {name: int(v) if isinstance(v, bool) else v for name, v in field.p.items()}
    if field.index:
        made["index"] = field.index
    if field.index and field.index["ordered"]:
        made["entries"] = json_value(field.entries)
    if field.children:
        made["children"] = [json_field(child) for child in field.children]
    if field.metadata:
        made["metadata"] = [list(pair) for pair in field.metadata]
    return made


def vector(name, file, batch, cid):
    block = canonical.encode(batch)
    made = canonical.cid(block)
    if cid is not None and made != cid:
        raise SystemExit(f"{name}: {made}, expected is {cid}")
    fingerprint, columns = lfp1.fingerprint(batch.fields, [(batch.columns, batch.rows)])
    return {"name": name, "file": file, "rows": batch.rows, "fields": [json_field(field) for field in batch.fields],
            "metadata": [list(pair) for pair in batch.metadata], "columns": json_value(batch.columns),
            "bytes": len(block), "cid": made, "lfp1": fingerprint, "columnCids": columns}


def main():
    made = []
    with open(os.path.join(DATA, "more.csv"), encoding="utf-8") as source:
        for row in csv.DictReader(source):
            batch = canonical.batches(os.path.join(DATA, row["file"]))[int(row["batch"])]
            name = f"{os.path.splitext(os.path.basename(row['file']))[0]}#{row['batch']}"
            made.append(vector(name, f"{row['file']}#{row['batch']}", batch, row["cid"]))
    with open(os.path.join(DATA, "twins.csv"), encoding="utf-8") as source:
        for row in csv.DictReader(source):
            if not row["file"].endswith(".plain.arrows"):
                continue
            batch = canonical.batches(os.path.join(DATA, "twins", row["file"]))[0]
            made.append(vector(row["file"][:-len(".plain.arrows")], f"twins/{row['file']}#0", batch, row["cid"]))
    folder = os.path.join(DATA, "lfp1")
    os.makedirs(folder, exist_ok=True)
    for name, field, values in tables():
        file = name.replace("/", "_").replace(":", "_") + ".arrows"
        batch = canonical.Batch([field], [values], len(values), [])
        with open(os.path.join(folder, file), "wb") as out:
            out.write(canonical.encode(batch))
        made.append(vector(name, f"lfp1/{file}#0", batch, None))
    about = ["Batches with their canonical blocks' CIDs and lengths (src/ArrowCid/Ipc/Canonical/canonical-block.md), "
             "logical fingerprints and column CIDs (src/ArrowCid/Ipc/Fingerprints/lfp1.md).",
             "kind and p are a type and its parameters as the IPC format names them, index is a dictionary's. A value of "
             "a fixed width is its bytes, little-endian, in hex, and so is binary; a struct, a list and a map's entry "
             "are lists; a union's value is [code, value]; dictionaries and runs are given by the values they lead to. "
             "An ordered dictionary has its entries in the field."]
    with open(os.path.join(HERE, "blocks.json"), "w", encoding="utf-8") as out:
        out.write('{"about": ' + json.dumps(about) + ',\n "vectors": [\n  ')
        out.write(",\n  ".join(json.dumps(each, ensure_ascii=False) for each in made))
        out.write("\n]}\n")
    print(f"{len(made)} vectors")


if __name__ == "__main__":
    main()
