"""Reads and writes Parquet with pyarrow, for tests that hold ArrowCid's reader and writer against it.

    parquet_peer.py read FOLDER             each FOLDER/*.parquet as pyarrow reads it: NAME.arrows, a batch a row group
    parquet_peer.py write FOLDER SEED COUNT  random tables in FOLDER/N.parquet, in every codec, encoding and page
                                             version, and beside each how pyarrow reads it: N.arrows
    parquet_peer.py rewrite SOURCE TARGET ROWS  SOURCE read and written again, ROWS a row group

`read` prints a line for each file: `ok NAME`, or `cannot NAME: why`.
"""
import datetime
import decimal
import math
import os
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def to_ipc(source, target):
    file = pq.ParquetFile(source)
    tables = [file.read_row_group(i) for i in range(file.num_row_groups)]
    schema = file.schema_arrow if not tables else tables[0].schema
    metadata = {k: v for k, v in (schema.metadata or {}).items() if not k.startswith(b"arrowcid:")}
    schema = schema.with_metadata(metadata or None)
    with pa.OSFile(target, "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for table in tables:
            table = table.replace_schema_metadata(metadata or None).combine_chunks()
            batches = table.to_batches()
            if len(batches) > 1:
                raise ValueError("a row group became several batches")
            empty = pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)
            writer.write_batch(batches[0] if batches else empty)


def read(folder):
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".parquet"):
            continue
        source = os.path.join(folder, name)
        try:
            to_ipc(source, source[: -len(".parquet")] + ".arrows")
            print("ok", name)
        except (pa.ArrowException, ValueError, OSError) as e:
            print(f"cannot {name}: {str(e).splitlines()[0]}")


# ---- random tables -------------------------------------------------------------------------------------------------

FLAT = [
    pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
    pa.float16(), pa.float32(), pa.float64(), pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms"),
    pa.time64("us"), pa.time64("ns"), pa.timestamp("s"), pa.timestamp("ms", "UTC"), pa.timestamp("us"),
    pa.timestamp("ns", "Europe/Berlin"), pa.duration("s"), pa.duration("ns"), pa.decimal32(7, 2), pa.decimal64(15, 4),
    pa.decimal128(5, 2), pa.decimal128(38, 10), pa.decimal256(60, 5), pa.string(), pa.large_string(),
    pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(5), pa.null(),
    pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.large_string()),
    pa.dictionary(pa.int16(), pa.binary(), True), pa.dictionary(pa.int32(), pa.int64()),
]


def random_type(r, depth):
    if depth >= 4 or r.random() < 0.55:
        return r.choice(FLAT)
    child = random_field(r, depth + 1)
    kind = r.randrange(7)
    if kind == 0:
        return pa.list_(child)
    if kind == 1:
        return pa.large_list(child)
    if kind == 2:
        return pa.list_view(child)
    if kind == 3:
        return pa.map_(r.choice([pa.string(), pa.int32(), pa.large_string()]), child, keys_sorted=r.random() < 0.3)
    if kind == 4 and not pa.types.is_null(child.type):
        return pa.list_(child, r.randrange(1, 4))
    return pa.struct([random_field(r, depth + 1, f"f{i}") for i in range(r.randrange(1, 4))])


def random_field(r, depth, name="item"):
    type = random_type(r, depth)
    nullable = pa.types.is_null(type) or holds_fixed_list(type) is False and r.random() < 0.8
    metadata = {"k": "v"} if r.random() < 0.1 else None
    return pa.field(name, type, nullable, metadata)


def holds_fixed_list(type):
    # pyarrow 25 cannot read one below a null (GH-35692).
    if pa.types.is_fixed_size_list(type):
        return True
    return any(holds_fixed_list(type.field(i).type) for i in range(type.num_fields))


def random_value(r, type, nullable=True):
    if pa.types.is_null(type):
        return None
    if nullable and not holds_fixed_list(type) and r.random() < 0.2:
        return None
    if pa.types.is_dictionary(type):
        return random_value(r, type.value_type, False)
    if pa.types.is_boolean(type):
        return r.random() < 0.5
    if pa.types.is_integer(type):
        bits = type.bit_width
        low = 0 if pa.types.is_unsigned_integer(type) else -(1 << bits - 1)
        high = (1 << bits) - 1 if low == 0 else (1 << bits - 1) - 1
        return r.choice([r.randint(low, high), r.randint(max(low, -5), 5), low, high])
    if pa.types.is_floating(type):
        return r.choice([0.0, -0.0, 1.5, -2.25, math.inf, -math.inf, math.nan, float(r.randrange(100))])
    if pa.types.is_decimal(type):
        digits = r.randint(-(10 ** type.precision) + 1, 10 ** type.precision - 1)
        with decimal.localcontext(decimal.Context(prec=80)):
            return decimal.Decimal(digits).scaleb(-type.scale)
    if pa.types.is_date(type):
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=r.randint(-100000, 100000))
    if pa.types.is_temporal(type):
        return r.randint(0, 86399) if pa.types.is_time(type) else r.randint(-10**9, 10**9)
    if pa.types.is_fixed_size_binary(type):
        return r.randbytes(type.byte_width)
    if pa.types.is_string(type) or pa.types.is_large_string(type) or type == pa.string_view():
        return "".join(r.choice("abcé日🙂") for _ in range(r.choice([0, 1, 3, 20])))
    if pa.types.is_struct(type):
        return {f.name: random_value(r, f.type, f.nullable) for f in type}
    if pa.types.is_map(type):
        keys = {random_value(r, type.key_type, False) for _ in range(r.randrange(4))}
        return [(k, random_value(r, type.item_type, type.item_field.nullable)) for k in sorted(keys)]
    if pa.types.is_fixed_size_list(type):
        return [random_value(r, type.value_type, type.value_field.nullable) for _ in range(type.list_size)]
    if type.num_fields == 1:
        return [random_value(r, type.value_type, type.value_field.nullable) for _ in range(r.randrange(4))]
    return r.randbytes(r.choice([0, 1, 3, 20]))


def random_table(r):
    fields = [random_field(r, 1, r.choice("abcdef") + str(i)) for i in range(r.randrange(1, 5))]
    rows = r.choice([0, 1, 7, 50, 200])
    schema = pa.schema(fields, metadata={"about": "test"} if r.random() < 0.3 else None)
    arrays = [make(field, [random_value(r, field.type, field.nullable) for _ in range(rows)]) for field in fields]
    return pa.Table.from_arrays(arrays, schema=schema)


def make(field, values):
    array = pa.array(values, field.type)
    return array


def write(folder, seed, count):
    for number in range(seed, seed + count):
        r = random.Random(number)
        path = os.path.join(folder, f"{number}.parquet")
        while True:
            try:
                table = random_table(r)
            except pa.ArrowInvalid:
                continue  # a dictionary in a fixed-size list, which pyarrow makes wrong
            options = dict(
                compression=r.choice(["none", "snappy", "gzip", "brotli", "zstd", "lz4"]),
                data_page_version=r.choice(["1.0", "2.0"]),
                data_page_size=r.choice([1 << 20, 64]),
                row_group_size=r.choice([1 << 20, 20]),
                version=r.choice(["1.0", "2.4", "2.6"]),
                write_page_checksum=r.random() < 0.5,
                store_schema=r.random() < 0.7,
                use_compliant_nested_type=r.random() < 0.8,
                store_decimal_as_integer=r.random() < 0.3,
            )
            if options["store_schema"] and r.random() < 0.2:
                options["use_deprecated_int96_timestamps"] = True
            options["use_dictionary"] = r.random() < 0.5
            if not options["use_dictionary"] and r.random() < 0.6:
                options["column_encoding"] = {}
                for leaf in leaves(table.schema):
                    options["column_encoding"][leaf[0]] = r.choice(encodings(leaf[1]))
            try:
                pq.write_table(table, path, **options)
                to_ipc(path, path[: -len(".parquet")] + ".arrows")
                break
            except (pa.ArrowException, ValueError, OSError):
                continue  # what pyarrow cannot write or read back is no question for us


def leaves(schema):
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    parquet = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [(parquet.column(i).path, parquet.column(i).physical_type) for i in range(len(parquet))]


def encodings(physical):
    return {
        "INT32": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
        "INT64": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
        "FLOAT": ["PLAIN", "BYTE_STREAM_SPLIT"],
        "DOUBLE": ["PLAIN", "BYTE_STREAM_SPLIT"],
        "BYTE_ARRAY": ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"],
        "FIXED_LEN_BYTE_ARRAY": ["PLAIN", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"],
        "BOOLEAN": ["PLAIN", "RLE"],
    }.get(physical, ["PLAIN"])


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(sys.argv[2])
    elif sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1] == "rewrite":
        pq.write_table(pq.read_table(sys.argv[2]), sys.argv[3], row_group_size=int(sys.argv[4]))
    else:
        raise SystemExit(__doc__)
