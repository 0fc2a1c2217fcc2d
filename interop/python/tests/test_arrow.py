"""Batches by pointer, to and from pyarrow and numpy."""
import csv
import datetime
import decimal
import gc
import os
import random
import unittest

import arrowcid
from support import DATA, FLIGHTS, ROOT, StoreTest, mapping_of, peer

pa = peer("pyarrow")
np = peer("numpy")
canonical = peer("canonical")
check_blocks = peer("check_blocks")


def arrow_batches(path):
    """The batches of a file or stream, read by pyarrow."""
    with open(path, "rb") as source:
        is_file = source.read(6) == b"ARROW1"
    reader = (pa.ipc.open_file if is_file else pa.ipc.open_stream)(pa.OSFile(path))
    return [reader.get_batch(i) for i in range(reader.num_record_batches)] if is_file else list(reader)


def every_type():
    """A column of each of pyarrow's types, five rows, with nulls where the type has them."""
    utc = datetime.datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=datetime.timezone.utc)
    numbers = [1, None, 3, 0, 5]
    columns = {"null": pa.nulls(5), "bool": pa.array([True, None, False, True, True])}
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"):
        columns[name] = pa.array(numbers, getattr(pa, name)())
    columns["float16"] = pa.array([np.float16(1.5), None, np.float16(2), np.float16(0), np.float16(-1)], pa.float16())
    for bits, precision in ((32, 9), (64, 18), (128, 38), (256, 76)):
        make = getattr(pa, f"decimal{bits}", None)
        if make is not None:
            columns[f"decimal{bits}"] = pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-7.00")]
                                                 + [decimal.Decimal("0.01"), None], make(precision, 2))
    texts = ["", None, "a", "much longer than twelve bytes", "ü"]
    for kind in (pa.utf8(), pa.large_utf8(), pa.string_view()):
        columns[str(kind)] = pa.array(texts, kind)
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        columns[str(kind)] = pa.array([each and each.encode() for each in texts], kind)
    columns["fixed"] = pa.array([b"abc", None, b"def", b"\0\0\0", b"xyz"], pa.binary(3))
    day = datetime.date(2026, 11, 20)
    columns["date32"] = pa.array([day, None, day, day, None], pa.date32())
    columns["date64"] = pa.array([day, None, day, day, None], pa.date64())
    for unit in ("s", "ms", "us", "ns"):
        columns[f"timestamp-{unit}"] = pa.array(numbers, pa.timestamp(unit))
        columns[f"zoned-{unit}"] = pa.array(numbers, pa.timestamp(unit, "Europe/Berlin"))
        columns[f"duration-{unit}"] = pa.array(numbers, pa.duration(unit))
        columns[f"time-{unit}"] = pa.array(numbers, (pa.time32 if unit in ("s", "ms") else pa.time64)(unit))
    columns["interval"] = pa.array([(1, 2, 3), None, (0, 0, 0), (-1, -2, -3), None], pa.month_day_nano_interval())
    lists = [[1, 2], None, [], [None], [3]]
    for kind in (pa.list_(pa.int32()), pa.large_list(pa.int32()), pa.list_view(pa.int32()),
                 pa.large_list_view(pa.int32())):
        columns[str(kind)] = pa.array(lists, kind)
    columns["pairs"] = pa.array([[1, 2], None, [3, None], [4, 5], [6, 7]], pa.list_(pa.int16(), 2))
    columns["map"] = pa.array([[("a", 1)], None, [], [("b", None)], [("c", 3)]], pa.map_(pa.utf8(), pa.int32()))
    columns["struct"] = pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 2, "y": None},
                                  {"x": 3, "y": ""}])
    columns["dictionary"] = pa.array(["b", None, "a", "b", "c"]).dictionary_encode()
    columns["runs"] = pa.RunEndEncodedArray.from_arrays(pa.array([2, 5], pa.int32()), pa.array(["x", None]))
    codes = pa.array([0, 1, 0, 1, 0], pa.int8())
    columns["sparse"] = pa.UnionArray.from_sparse(
        codes, [pa.array([1, 0, 2, 0, None]), pa.array(["", "a", "", None, ""])])
    columns["dense"] = pa.UnionArray.from_dense(codes, pa.array([0, 0, 1, 1, 2], pa.int32()),
                                                [pa.array([1, 2, None]), pa.array(["a", None])])
    columns["zoned"] = pa.array([utc, None, utc, utc, utc], pa.timestamp("us", "UTC"))
    return columns


def vectors():
    """The batches of the test data with the CIDs that they have."""
    rows = []
    for name, folder in (("blocks.csv", DATA), ("twins.csv", os.path.join(DATA, "vectors", "twins")),
                         ("more.csv", os.path.join(DATA, "vectors"))):
        with open(os.path.join(DATA, "vectors", name), newline="") as lines:
            for row in csv.DictReader(lines):
                at = os.path.join(ROOT, "samples") if row["file"].startswith("data/") else folder
                rows.append((os.path.join(at, row["file"]), int(row.get("batch", 0)), row["cid"]))
    return rows


class RoundTripTests(StoreTest):
    def round_trip(self, batch):
        put = self.store.put(batch)
        got = self.store[put.cid]
        self.assertEqual(put.cid, arrowcid.cid(batch))
        by_pointer, by_capsule = got.to_pyarrow(), pa.record_batch(got)
        by_pointer.validate(full=True)
        self.assertTrue(by_pointer.equals(by_capsule, check_metadata=True))
        self.assertTrue(by_pointer.schema.equals(pa.schema(got), check_metadata=True))
        return put, by_pointer

    def test_every_type_goes_there_and_back(self):
        for name, column in every_type().items():
            with self.subTest(type=name):
                batch = pa.record_batch([column], names=["c"])
                put, back = self.round_trip(batch)
                self.assertTrue(back.equals(batch), (back, batch))
                self.assertEqual(canonical.cid(canonical.encode(batch)), str(put.cid))

    def test_all_types_at_once_sliced_and_empty(self):
        whole = pa.record_batch(every_type())
        for batch in (whole, whole.slice(1, 3), whole.slice(4), whole.slice(0, 0)):
            put, back = self.round_trip(batch)
            check_blocks.compare(batch, back)  # pyarrow's equals looks at the entries of a dictionary too
            self.assertEqual(canonical.cid(canonical.encode(batch)), str(put.cid))

    def test_metadata_and_nullability_stay(self):
        schema = pa.schema([pa.field("a", pa.int32(), nullable=False, metadata={"k": "v"})], metadata={"s": "t"})
        put, back = self.round_trip(pa.record_batch([pa.array([1, 2], pa.int32())], schema=schema))
        self.assertTrue(back.schema.equals(schema, check_metadata=True))
        other = self.store.put(pa.record_batch([pa.array([3], pa.int32())], schema=schema))
        self.assertEqual(put.schema_cid, other.schema_cid)

    def test_the_vectors_have_their_cids_by_pointer_too(self):
        by_file = {}
        for path, number, cid in vectors():
            by_file.setdefault(path, []).append((number, cid))
        count = 0
        for path, wanted in by_file.items():
            try:
                batches = arrow_batches(path)
            except KeyError:
                continue  # two intervals that pyarrow has no class for
            for number, cid in wanted:
                with self.subTest(batch=f"{os.path.basename(path)}#{number}"):
                    put = self.store.put(batches[number])
                    self.assertEqual(cid, str(put.cid))
                    check_blocks.compare(batches[number], self.store[cid].to_pyarrow())
                    count += 1
        self.assertGreater(count, 200)

    def test_random_batches_have_the_reference_encoders_cids(self):
        seed = random.randrange(1 << 30)
        pick = random.Random(seed)
        columns = list(every_type().items())
        for _ in range(40):
            some = pick.sample(columns, pick.randint(1, 6))
            rows = pa.record_batch(dict(some)).slice(pick.randint(0, 5), pick.randint(0, 5))
            with self.subTest(seed=seed, columns=[name for name, _ in some]):
                put, back = self.round_trip(rows)
                check_blocks.compare(rows, back)
                self.assertEqual(canonical.cid(canonical.encode(rows)), str(put.cid))


class PutTests(StoreTest):
    def test_tables_readers_and_arrays_are_put(self):
        batches = [pa.record_batch({"a": [i]}) for i in range(3)]
        cids = [arrowcid.cid(batch) for batch in batches]
        table = pa.Table.from_batches(batches)
        self.assertEqual(cids, [put.cid for put in self.store.put(table)])
        self.assertEqual(cids, [put.cid for put in self.store.put(table.to_reader())])
        self.assertEqual(cids, arrowcid.cid(table))
        self.assertEqual(cids[0], self.store.put(batches[0].to_struct_array()).cid)
        self.assertEqual([], self.store.put(table.slice(0, 0).to_reader())[:0])

    def test_long_streams_are_put_whole(self):
        for count in (0, 1, 63, 64, 65, 129):
            batches = [pa.record_batch({"a": [i]}) for i in range(count)]
            reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches)
            self.assertEqual([arrowcid.cid(batch) for batch in batches], [put.cid for put in self.store.put(reader)])
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, pa.schema([("a", pa.int64())])) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            buffer = sink.getvalue()
            self.assertEqual([arrowcid.cid(batch) for batch in batches], arrowcid.cid(buffer))
            self.assertEqual(count, len(self.store.put(buffer)))

    def test_many_batches_of_several_schemas_are_put_in_order(self):
        batches = [pa.record_batch({"a": [i]}) if i % 7 else pa.record_batch({"b": [str(i)]}) for i in range(100)]
        puts = self.store.put_many(iter(batches))
        self.assertEqual([arrowcid.cid(batch) for batch in batches], [put.cid for put in puts])
        self.assertEqual([], self.store.put_many([]))

        class Other:  # nothing that pyarrow made
            def __init__(self, batch):
                self.__arrow_c_array__ = batch.__arrow_c_array__

        again = self.store.put_many(Other(batch) for batch in batches)
        self.assertEqual([put.cid for put in puts], [put.cid for put in again])
        self.assertFalse(any(put.is_new for put in again))

    def test_batches_are_put_together_with_metadata(self):
        batches = [pa.record_batch({"px": [float(i)]}) for i in range(5)] + [pa.record_batch({"n": [1]})]
        puts = self.store.put_many(batches, tags={"set": "x"})
        self.assertEqual([True] * 6, [put.is_new for put in puts])
        self.assertEqual(6, len(self.store.list_all('tag.set = "x"')))
        self.assertEqual([False] * 6, [put.is_new for put in self.store.put_many(batches, together=True)])
        self.assertEqual([[3.0], [4.0]], [batch["px"].to_pylist() for batch in self.store.get_many([puts[3].cid, puts[4].cid])])

    def test_a_name_is_given_to_a_stream_of_one_batch(self):
        one = pa.table({"a": [1]})
        cid = self.store.put(one, name="latest")[0].cid
        self.assertEqual(cid, self.store.resolve("latest"))
        empty = pa.RecordBatchReader.from_batches(one.schema, [])
        with self.assertRaises(ValueError):
            self.store.put(empty, name="other")
        self.assertIsNone(self.store.resolve("other"))

    def test_a_batch_of_the_store_is_put_again(self):
        put = self.store.put(pa.record_batch({"a": [1, 2]}))
        with arrowcid.open(self.path + "-other", capacity=16 << 20) as other:
            self.assertEqual(put.cid, other.put(self.store[put.cid]).cid)
            self.assertEqual([put.cid], [each.cid for each in other.put(self.store.stream([put.cid]))])

    def test_a_failing_stream_says_what_failed(self):
        def batches():
            yield pa.record_batch({"a": [1]})
            raise RuntimeError("out of ink")

        reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
        with self.assertRaisesRegex(arrowcid.ArrowCidError, "out of ink"):
            self.store.put(reader)
        reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
        with self.assertRaisesRegex(OSError, "out of ink"):
            arrowcid.cid(reader)

    def test_what_is_no_record_batch_is_refused(self):
        with self.assertRaises(ValueError):
            self.store.put(pa.array([1, 2]))
        with self.assertRaises(ValueError):
            self.store.put(pa.chunked_array([[1, 2]]))

        class Broken:
            def __init__(self, gives):
                self.__arrow_c_array__ = lambda: gives

        batch = pa.record_batch({"a": [1]})
        schema, array = batch.__arrow_c_array__()
        for gives in (None, 5, (1, 2), (array, schema), (schema,), (schema, array, array)):
            with self.subTest(gives=gives), self.assertRaises(TypeError):
                self.store.put(Broken(gives))

    def test_what_was_taken_over_already_is_refused(self):
        batch = pa.record_batch({"a": [1]})
        capsules = batch.__arrow_c_array__()
        pa.RecordBatch._import_from_c_capsule(*capsules)

        class Taken:
            def __arrow_c_array__(self, requested_schema=None):
                return capsules

        with self.assertRaises(ValueError):
            self.store.put(Taken())
        reader = pa.table({"a": [1]}).to_reader()
        capsule = reader.__arrow_c_stream__()
        pa.RecordBatchReader._import_from_c_capsule(capsule)

        class TakenStream:
            def __arrow_c_stream__(self, requested_schema=None):
                return capsule

        for call in (self.store.put, arrowcid.cid):
            with self.assertRaises(ValueError):
                call(TakenStream())

    def test_text_that_is_not_utf8_is_refused(self):
        wrong = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff"))
        with self.assertRaises(arrowcid.InvalidData):
            self.store.put(pa.record_batch([wrong], names=["t"]))
        backward = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 9, 3], np.int32)),
                                               pa.py_buffer(b"123456789"))
        with self.assertRaises(arrowcid.InvalidData):
            self.store.put(pa.record_batch([backward], names=["t"]))


class GetTests(StoreTest):
    def put(self, **columns):
        return self.store[self.store.put(pa.record_batch(columns)).cid]

    def test_values_lie_in_the_stores_mapping(self):
        batch = self.put(px=[1.5, 2.5], text=["a", "b"], pairs=pa.array([[1, 2], [3, 4]], pa.list_(pa.int16(), 2)))
        arrow = batch.to_pyarrow()
        places = [batch.numpy("px").__array_interface__["data"][0], batch.numpy("pairs").__array_interface__["data"][0],
                  arrow.column("px").buffers()[1].address, arrow.column("text").buffers()[2].address,
                  pa.record_batch(batch).column("text").buffers()[1].address,
                  pa.table(self.store.stream([batch.cid])).column("px").chunk(0).buffers()[1].address]
        for place in places:
            self.assertTrue(mapping_of(place).startswith(self.path + "/"), mapping_of(place))
        block = np.frombuffer(batch.buffer, np.uint8).__array_interface__["data"][0]
        for place in places:
            self.assertTrue(block <= place < block + len(batch.buffer))

    def test_numpy_reads_what_has_fixed_width(self):
        readable = []
        for name, column in every_type().items():
            try:
                column = column.drop_null()
            except pa.ArrowNotImplementedError:
                pass  # types that numpy does not read either
            batch = self.put(c=column)
            try:
                values = batch.numpy("c")
            except TypeError as fault:
                self.assertIn("to_pyarrow", str(fault))
                continue
            readable.append(name)
            self.assertEqual(len(column), len(values))
            self.assertFalse(values.flags.writeable and name != "bool", name)
            if name in ("date32", "time-s", "time-ms"):
                wanted = column.cast(pa.int32()).to_numpy()
            elif name == "date64":
                wanted = column.cast(pa.int64()).to_numpy().view("M8[ms]")
            elif name.startswith("time-"):
                wanted = column.cast(pa.int64()).to_numpy().view(f"m8[{name[5:]}]")
            elif name == "fixed":
                wanted = np.array([bytes(each) for each in column.to_pylist()], "V3")
            elif name == "pairs":
                continue  # below
            else:
                wanted = column.to_numpy(zero_copy_only=False)
            self.assertEqual(wanted.dtype, values.dtype, name)
            self.assertTrue((wanted == values).all(), name)
        self.assertEqual(
            {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
             "float64", "fixed", "date32", "date64", "zoned", *(f"{kind}-{unit}" for unit in ("s", "ms", "us", "ns")
                                                       for kind in ("timestamp", "zoned", "duration", "time"))},
            set(readable) - {"pairs"})

    def test_lists_of_fixed_size_are_a_matrix(self):
        rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
        values = self.put(v=pa.array(rows, pa.list_(pa.float32(), 3))).numpy("v")
        self.assertEqual(((2, 3), rows), (values.shape, values.tolist()))
        with self.assertRaises(TypeError):
            self.put(v=pa.array([[1.0, None]], pa.list_(pa.float32(), 2))).numpy("v")

    def test_nulls_want_a_mask(self):
        batch = self.put(a=[1, None, 3], flag=[True, None, False], whole=[1, 2, 3])
        for name in ("a", "flag"):
            with self.assertRaisesRegex(ValueError, "masked"):
                batch.numpy(name)
        values = batch.numpy("a", masked=True)
        self.assertEqual([1, None, 3], values.tolist())
        self.assertEqual([True, None, False], batch.numpy("flag", masked=True).tolist())
        self.assertEqual([1, 2, 3], batch.numpy("whole", masked=True).tolist())
        self.assertTrue(mapping_of(values.data.__array_interface__["data"][0]).startswith(self.path))

    def test_arrays_are_read_only(self):
        values = self.put(a=[1, 2]).numpy("a")
        with self.assertRaises(ValueError):
            values[0] = 5
        with self.assertRaises(ValueError):
            values.flags.writeable = True

    def test_columns_go_by_name_or_place(self):
        batch = self.put(a=[1], b=[2])
        self.assertEqual(["a", "b"], batch.column_names)
        self.assertEqual((1, 2, 2), (batch.numpy("a")[0], batch.numpy(1)[0], batch.numpy(-1)[0]))
        for wrong, kind in (("c", KeyError), (2, IndexError), (-3, IndexError), (None, KeyError)):
            with self.assertRaises(kind):
                batch.numpy(wrong)

    def test_what_was_made_of_a_batch_outlives_it_and_the_store(self):
        batch = self.put(a=[1, 2, 3], t=["x", "y", "z"])
        array, arrow, view = batch.numpy("a"), batch.to_pyarrow(), batch.buffer
        capsules, stream = batch.__arrow_c_array__(), self.store.stream([batch.cid]).to_pyarrow()
        table = stream.read_all()
        part = array[1:]
        cid = batch.cid
        batch.close()
        del batch, array
        gc.collect()
        self.store.close()
        again = pa.RecordBatch._import_from_c_capsule(*capsules)
        self.assertEqual([2, 3], part.tolist())
        self.assertEqual(["x", "y", "z"], arrow.column("t").to_pylist())
        self.assertTrue(again.equals(arrow))
        self.assertTrue(table.to_batches()[0].equals(arrow))
        self.assertEqual(cid, arrowcid.check(view))

    def test_capsules_that_nobody_takes_go_quietly(self):
        batch = self.put(a=[1, 2])
        for _ in range(100):
            batch.__arrow_c_array__()
            batch.__arrow_c_device_array__()
            batch.__arrow_c_schema__()
            self.store.stream([batch.cid]).__arrow_c_stream__()

    def test_the_device_array_is_on_the_cpu(self):
        batch = self.put(a=[1, 2])
        again = pa.RecordBatch._import_from_c_device_capsule(*batch.__arrow_c_device_array__())
        self.assertTrue(again.equals(batch.to_pyarrow()))
        self.assertTrue(again.is_cpu)

    def test_a_stream_gives_the_batches_in_turn(self):
        batches = [pa.record_batch({"a": [i, i + 1]}) for i in range(10)]
        stream = self.store.stream([put.cid for put in self.store.put_many(batches)])
        self.assertEqual(10, len(stream))
        for _ in range(2):
            self.assertTrue(pa.table(stream).equals(pa.Table.from_batches(batches)))
        self.assertEqual([each.to_pyarrow() for each in stream], batches)
        other = self.store.put(pa.record_batch({"b": [1]})).cid
        with self.assertRaises(arrowcid.SchemaMismatch):
            pa.table(self.store.stream([batches and self.store.put(batches[0]).cid, other]))
        with self.assertRaises(arrowcid.ArrowCidError):
            pa.table(self.store.stream([]))
        with self.assertRaises(arrowcid.BlockNotFound):
            pa.table(self.store.stream([arrowcid.cid(pa.record_batch({"a": [77]}))]))

    def test_raw_blocks_have_no_columns(self):
        block = self.store[self.store.put_raw(b"text").cid]
        for call in (block.to_pyarrow, block.__arrow_c_array__, block.__arrow_c_schema__, lambda: block.numpy(0)):
            with self.assertRaises(arrowcid.SchemaMismatch):
                call()

    def test_flights_are_computed_on_where_they_lie(self):
        puts = self.store.put(pa.ipc.open_file(FLIGHTS).read_all().to_reader(10_000))
        table = pa.table(self.store.stream([put.cid for put in puts]))
        self.assertEqual(200_000, table.num_rows)
        compute = peer("pyarrow.compute")
        name = next(field.name for field in table.schema if pa.types.is_integer(field.type))
        total = sum(int(self.store[put.cid].numpy(name, masked=True).sum(dtype=np.int64)) for put in puts)
        self.assertEqual(compute.sum(table.column(name)).as_py(), total)


class ReservationTests(StoreTest):
    SCHEMA = pa.schema([("px", pa.float64()), ("n", pa.int32()), ("flag", pa.bool_()), ("text", pa.utf8())])

    def test_a_batch_computed_in_place_has_the_cid_of_a_put(self):
        with self.store.reserve(self.SCHEMA, 3, {"text": 6}) as batch:
            batch.numpy("px")[:] = [1.5, 2.5, 3.5]
            values = batch.values("n")
            values[0], values[1], values[2] = 1, 2, 3
            del values
            batch.values("flag")[0] = 0b101
            offsets, data = batch.offsets("text"), batch.data("text")
            for i in range(4):
                offsets[i] = 2 * i
            data[:6] = b"aabbcc"
            del offsets, data
            batch.validity("n")[0] = 0b011
            put = batch.commit()
        wanted = pa.record_batch([[1.5, 2.5, 3.5], pa.array([1, 2, None], pa.int32()), [True, False, True],
                                  ["aa", "bb", "cc"]], schema=self.SCHEMA)
        self.assertEqual(arrowcid.cid(wanted), put.cid)
        self.assertTrue(self.store[put.cid].to_pyarrow().equals(wanted))

    def test_arrays_in_use_keep_a_reservation_from_its_end(self):
        batch = self.store.reserve(pa.schema([("px", pa.float64())]), 200_000)
        values = batch.numpy("px")
        self.assertTrue(mapping_of(values.__array_interface__["data"][0]).startswith(self.path + "/"))
        part = values[10:20]
        del values
        for end in (batch.commit, batch.abandon, self.store.close):
            with self.assertRaisesRegex(BufferError, "px"):
                end()
        part[:] = 1
        del part
        self.assertEqual(200_000, batch.commit().rows)
        with self.assertRaises(arrowcid.InvalidArgument):
            batch.values("px")
        batch.abandon()

    def test_what_is_not_committed_leaves_nothing(self):
        with self.store.reserve(self.SCHEMA, 10) as batch:
            batch.numpy("px")[:] = 5
        array = self.store.reserve(self.SCHEMA, 10).numpy("px")
        gc.collect()
        array[:] = 7  # the array keeps the memory
        del array
        self.assertEqual([], list(self.store.list()))

    def test_what_cannot_be_reserved_is_refused(self):
        for schema, rows, sizes, kind in ((pa.schema([("l", pa.list_(pa.int8()))]), 1, None, arrowcid.ArrowCidError),
                                          (self.SCHEMA, -1, None, ValueError), (self.SCHEMA, 1, {"x": 1}, KeyError),
                                          (self.SCHEMA, 1 << 40, None, arrowcid.ArrowCidError),
                                          (5, 1, None, TypeError)):
            with self.subTest(rows=rows), self.assertRaises(kind):
                self.store.reserve(schema, rows, sizes)


if __name__ == "__main__":
    unittest.main()
