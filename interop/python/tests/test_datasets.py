"""Datasets: batches of one schema under one CID, by name, as streams, and in listings."""
import unittest

import arrowcid
from support import PYTHON, StoreTest, peer, read

import os
import re


class DatasetTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.blocks = [self.store.put_raw(b"first"), self.store.put_raw(b"second")]

    def test_cids_of_other_codecs_print_parse_and_compare(self):
        text = "bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4"
        cid = arrowcid.Cid(text)
        self.assertEqual((text, 0x71, 36), (str(cid), cid.codec, len(cid)))
        self.assertEqual(cid, arrowcid.Cid(bytes(cid)))
        self.assertEqual(0x55, self.blocks[0].cid.codec)
        with self.assertRaisesRegex(arrowcid.InvalidCid, "codec below 128"):
            arrowcid.Cid("baguqeeraiqjw7i2vwntyuekgvulpp2det2kpwt6cd7tx5ayqybqpmhfk76fa")

    def test_absent_datasets_are_said_to_be_absent(self):
        with self.assertRaisesRegex(arrowcid.NameNotFound, "no name 'trips'"):
            self.store.dataset("trips")
        with self.assertRaises(arrowcid.BlockNotFound):
            self.store.dataset("bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4")
        self.store.set_name("raw", self.blocks[0].cid)
        with self.assertRaisesRegex(arrowcid.SchemaMismatch, "not a dataset but a raw"):
            self.store.dataset("raw")
        with self.assertRaisesRegex(arrowcid.InvalidCid, "is a name, not a CID"):
            self.store["raw"]
        with self.assertRaises(arrowcid.InvalidCid):
            self.store["neither a CID nor a name"]

    def test_names_are_listed_with_what_they_point_to(self):
        self.assertEqual([], self.store.names())
        for index in range(100):
            self.store.set_name(f"name/{index:03}", self.blocks[index % 2].cid)
        names = self.store.names()
        self.assertEqual([f"name/{index:03}" for index in range(100)], [name.name for name in names])
        self.assertEqual((self.blocks[1].cid, "raw"), (names[1].cid, names[1].kind))
        self.assertGreater(names[0].time_ns, 0)


class TableTest(StoreTest):
    """With pyarrow."""

    def setUp(self):
        super().setUp()
        self.pa = pa = peer("pyarrow")
        self.table = pa.concat_tables([pa.table({"px": [1.5, 2.5]}), pa.table({"px": [3.5]}), pa.table({"px": [None, 5.5]})])

    def test_a_table_of_several_batches_is_a_dataset_under_its_name(self):
        puts = self.store.put(self.table, name="trips", tags={"day": "monday"})
        self.assertEqual(3, len(puts))
        dataset = self.store.dataset("trips")
        self.assertEqual(self.store.resolve("trips"), dataset.cid)
        self.assertTrue(str(dataset.cid).startswith("bafyrei"))
        self.assertEqual((5, 3, [put.cid for put in puts]), (dataset.num_rows, len(dataset), dataset.batches))
        self.assertEqual(self.table.to_pydict(), self.pa.table(dataset).to_pydict())
        self.assertEqual(self.table.to_pydict(), dataset.to_pyarrow().to_pydict())
        self.assertEqual(self.table.schema, dataset.schema)
        self.assertEqual([2, 1, 2], [batch.num_rows for batch in dataset])
        self.assertEqual([3.5], dataset[1]["px"].to_pylist())
        self.assertEqual(puts[0].schema_cid, dataset.schema_cid)
        self.assertIn(str(dataset.cid), repr(dataset))
        # By CID and text, with the sign of names, and in every listing.
        for key in (dataset.cid, str(dataset.cid), "@trips"):
            self.assertEqual(dataset.cid, self.store.dataset(key).cid)
        for listing in (self.store.datasets(), self.store.datasets('tag.day = "monday"'), self.store.list("kind = dataset")):
            self.assertEqual([(dataset.cid, "dataset", 5)], [(block.cid, block.kind, block.rows) for block in listing])
        self.assertEqual("trips", self.store.names()[0].name)
        self.assertEqual(dataset.cid, self.store.names()[0].cid)
        described = self.store.describe(dataset.cid)
        self.assertEqual(("dataset", 3, {"day": "monday"}), (described["kind"], described["batches"], described["tags"]))
        for block in self.store.list('tag.day = "monday"'):
            self.assertIn(str(block.cid), repr(block))
        self.assertEqual("dataset", self.store.find(dataset.cid).kind)
        self.store.verify(dataset.cid)

    def test_ipc_bytes_and_single_batches_are_named_too(self):
        sink = self.pa.BufferOutputStream()
        with self.pa.ipc.new_stream(sink, self.table.schema) as writer:
            writer.write_table(self.table)
        self.assertEqual(3, len(self.store.put(sink.getvalue().to_pybytes(), name="bytes")))
        self.assertEqual(self.table.to_pydict(), self.pa.table(self.store.dataset("bytes")).to_pydict())
        put = self.store.put(self.pa.table({"px": [1.5]}), name="one")[0]
        self.assertEqual(put.cid, self.store.resolve("one"))
        with self.assertRaisesRegex(arrowcid.SchemaMismatch, "but a batch"):
            self.store.dataset("one")
        self.assertEqual([1.5], self.store[self.store.put({"px": [1.5]}).cid]["px"].to_pylist())

    def test_put_dataset_takes_streams_and_cids_and_its_metadata_are_part_of_the_cid(self):
        plain = self.store.put_dataset(self.table)
        again = self.store.put_dataset(self.store.dataset(plain.cid).batches, name="n", pin=True)
        self.assertEqual((plain.cid, True, False), (again.cid, plain.is_new, again.is_new))
        self.assertEqual(plain.cid, self.store.resolve("n"))
        child = self.store.put_dataset(self.store.dataset("n"), metadata={"note": "x"}, made_of=[plain.cid])
        self.assertNotEqual(plain.cid, child.cid)
        self.assertEqual(0, self.store.remove(self.store.dataset("n").batches))
        other = self.store.put(self.pa.record_batch({"qty": [1]}))
        with self.assertRaises(arrowcid.SchemaMismatch):
            self.store.put_dataset([self.store.dataset("n").batches[0], other.cid])
        with self.assertRaises(arrowcid.ArrowCidError):
            self.store.put_dataset([])
        with self.assertRaises(TypeError):
            self.store.put_dataset(self.table, made_of=str(plain.cid))

    def test_a_stream_of_a_dataset_outlives_a_half_read_and_frees_what_it_held(self):
        cid = self.store.put_dataset(self.table).cid
        reader = self.store.dataset(cid).to_pyarrow_reader()
        first = reader.read_next_batch()
        del reader
        self.assertEqual([1.5, 2.5], first.column("px").to_pylist())
        self.assertEqual(5, self.store.stream([cid]).to_pyarrow().read_all().num_rows)

    def test_batches_have_the_names_that_pyarrow_has_and_stores_a_length(self):
        put = self.store.put(self.pa.record_batch({"px": [1.5, None], "sym": ["<b>", "ES"]}))
        batch = self.store[put.cid]
        self.assertEqual((2, self.pa.schema([("px", self.pa.float64()), ("sym", self.pa.string())])), (batch.num_rows, batch.schema))
        self.assertEqual((["<b>", "ES"], [1.5, None]), (batch["sym"].to_pylist(), batch[0].to_pylist()))
        with self.assertRaises(KeyError):
            batch["no"]
        page = batch._repr_html_()
        self.assertIn("&lt;b&gt;", page)
        self.assertNotIn("<b>", page)
        self.assertEqual(1, len(self.store))
        self.assertTrue(self.store)
        if self.has_pandas():
            self.assertEqual(["px", "sym"], list(batch.to_pandas().columns))

    def has_pandas(self):
        try:
            import pandas  # noqa: F401
        except ImportError:
            return False
        return True

    def test_the_example_of_the_readme_runs(self):
        text = read(os.path.join(PYTHON, "README.md")).decode()
        example = re.search(r"## Datasets\n.*?```python\n(.*?)```", text, re.S).group(1)
        example = example.replace("/dev/shm/quotes", self.path)
        printed = []
        exec(compile(example, "README.md", "exec"), {"print": lambda *values: printed.append(values)})
        self.assertEqual(("trips", "dataset"), [values[:2] for values in printed if values[0] == "trips"][0])
        self.assertEqual(3, printed[-1][1])


if __name__ == "__main__":
    unittest.main()
