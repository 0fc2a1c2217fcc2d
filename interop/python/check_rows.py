#!/usr/bin/env python3
"""Reads CSV and JSON lines with pyarrow and prints the CID of what it read, a line a file.

Arguments: a manifest, JSON lines of {"file", "format", "types"}; types are pyarrow's names by column."""

import json
import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.json

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import canonical


def of(name):
    if name.startswith("timestamp["):
        unit, _, zone = name[len("timestamp["):-1].partition(", ")
        return pa.timestamp(unit, zone or None)
    if name.startswith("decimal128("):
        return pa.decimal128(*(int(part) for part in name[len("decimal128("):-1].split(", ")))
    return {"time32[s]": pa.time32("s"), "time32[ms]": pa.time32("ms"), "time64[us]": pa.time64("us"),
            "time64[ns]": pa.time64("ns"), "utf8": pa.string(), "bool": pa.bool_()}.get(name) or getattr(pa, name)()


def read(entry):
    types = {name: of(text) for name, text in entry["types"].items()}
    if entry["format"] == "csv":
        return pyarrow.csv.read_csv(
            entry["file"],
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False))
    return pyarrow.json.read_json(
        entry["file"],
        parse_options=pyarrow.json.ParseOptions(explicit_schema=pa.schema(list(types.items())) if types else None))


for line in open(sys.argv[1], encoding="utf-8"):
    table = read(json.loads(line)).combine_chunks()
    batches = table.to_batches()
    assert len(batches) == 1, len(batches)
    print(canonical.cid(canonical.encode(batches[0])))
