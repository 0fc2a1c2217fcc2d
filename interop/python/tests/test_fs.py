"""A store as a file system of fsspec, and what pandas, dask, xarray and zarr read of it."""
import io
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile

import arrowcid
from support import PYTHON, TESTS, StoreTest, finish, interpreter, mapping_of, peer, start
from test_wheel import clean


class FileSystemTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.fsspec, self.pa = peer("fsspec"), peer("pyarrow")
        import arrowcid.fs
        arrowcid.fs.register()
        self.options = {"store": self.path}
        self.fs = self.fsspec.filesystem("acid", **self.options)
        self.addCleanup(lambda: self.fs.store.close())
        self.table = self.pa.concat_tables([self.pa.table({"px": [1.5, 2.5]}), self.pa.table({"px": [3.5]})])

    def test_fsspecs_own_tests_pass(self):
        peer("pytest")
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run(
                [*interpreter(), "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder,
                 os.path.join(TESTS, "abstract_fs.py")],
                cwd=folder, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, capture_output=True, text=True)
        self.assertRegex(result.stdout.splitlines()[-1], r"^1[0-9][0-9] passed in", result.stdout + result.stderr)

    def test_the_installed_package_is_known_to_fsspec(self):
        with tempfile.TemporaryDirectory() as folder:
            built = subprocess.run(["python3" if os.environ.get("PYTHONHOME") else sys.executable,
                                    os.path.join(PYTHON, "build-wheel"), folder], capture_output=True, text=True, check=True,
                                   env={**clean(), "ARROWCID_LIBRARY": arrowcid.library_path()})
            with zipfile.ZipFile(built.stdout.strip()) as wheel:
                wheel.extractall(os.path.join(folder, "site"))
            self.store.put_raw(b"some bytes", name="text")
            printed = finish(start("import fsspec, sys\nprint(fsspec.open('acid://@text', 'r', store=sys.argv[1]).open().read())",
                                   self.path, PYTHONPATH=os.path.join(folder, "site")))
        self.assertEqual("some bytes\n", printed)

    def test_paths_lead_to_names_blocks_parts_and_the_catalog(self):
        self.store.put(self.table, name="trips")
        self.store.put({"a": [1]}, name="jobs/one")
        raw = self.store.put_raw(b"some bytes", name="text")
        self.assertEqual(["@jobs", "@text", "@trips", "catalog.parquet"], sorted(self.fs.ls("acid://", detail=False)))
        self.assertEqual(["@jobs/one"], self.fs.ls("acid://@jobs", detail=False))
        self.assertEqual(["@jobs/one/part-0.parquet"], self.fs.ls("@jobs/one", detail=False))
        self.assertEqual(["@trips/part-0.parquet", "@trips/part-1.parquet"], self.fs.glob("acid://@trips/*.parquet"))
        self.assertEqual(b"some bytes", self.fs.cat(f"acid://{raw.cid}"))
        info = self.fs.info("@text")
        self.assertEqual((10, "file", str(raw.cid)), (info["size"], info["type"], info["cid"]))
        self.assertEqual(self.fs.info("@trips/part-1.parquet")["size"], len(self.fs.cat("@trips/part-1.parquet")))
        for missing in ("@nothing", "@trips/part-2.parquet", "@trips/part-01.parquet", "@text/x", "what", "@", str(raw.cid)[:-1]):
            self.assertFalse(self.fs.exists(missing), missing)
            with self.assertRaises(FileNotFoundError):
                self.fs.cat(missing)
        with self.assertRaises(IsADirectoryError):
            self.fs.open("@trips")

    def test_ranges_and_random_access_are_over_the_mapped_block(self):
        np = peer("numpy")
        put = self.store.put(self.pa.record_batch({"px": np.arange(1 << 16, dtype="f8")}), name="px")
        with self.fs.open("@px/part-0.arrow") as file:
            address = np.frombuffer(file.getbuffer(), "u1").__array_interface__["data"][0]
            self.assertIn(self.path, mapping_of(address))
            self.assertTrue(file.getbuffer().readonly)
            self.assertEqual(bytes(self.store[put.cid].buffer), file.read())
            self.assertEqual(1 << 16, self.pa.ipc.open_stream(file.seek(0) or file).read_all().num_rows)
        self.store.put_raw(b"line 1\nline 2\n" + b"x" * 20000 + b"\nend", name="lines")
        with self.fs.open("acid://@lines") as file:
            self.assertEqual([b"line 1\n", b"line 2\n", 20001, b"end", b""],
                             [file.readline(), file.readline(), len(file.readline()), file.readline(), file.readline()])
            file.seek(-3, io.SEEK_END)
            self.assertEqual((b"end", 20018), (file.read(), file.tell()))
            with self.assertRaises(ValueError):
                file.seek(-1)
        with self.fs.open("@lines", "r") as file:
            self.assertEqual("line 1\n", file.readline())
        self.assertEqual(b"ine", self.fs.cat_file("@lines", 1, 4))
        found = self.fs.cat_ranges(["@lines", "@none", "@lines"], [0, 0, -3], [4, 4, None])
        self.assertEqual((b"line", FileNotFoundError, b"end"), (found[0], type(found[1]), found[2]))
        with self.assertRaises(ValueError):
            self.fs.cat_ranges(["@lines"], [0, 1], [2, 3])

    def test_what_is_open_stays_as_it_was(self):
        self.fs.pipe_file("@files/a", b"old")
        file = self.fs.open("@files/a")
        self.fs.pipe_file("@files/a", b"new")
        self.assertEqual((b"old", b"new"), (file.read(), self.fs.cat("@files/a")))
        self.fs.rm("@files", recursive=True)
        self.store.close()
        file.seek(0)
        self.assertEqual(b"old", file.read())

    def test_files_are_written_below_names_and_nowhere_else(self):
        with self.fs.open("@files/sub/a.txt", "w") as file:
            file.write("text")
        with self.assertRaises(RuntimeError):
            with self.fs.open("@files/half", "wb") as file:
                file.write(b"half")
                raise RuntimeError
        self.assertEqual(["@files/sub/a.txt"], self.fs.find("@files"))
        with self.fs.open("@files/sub/a.txt", "ab") as file:
            file.write(b" and more")
        self.assertEqual(b"text and more", self.fs.cat("@files/sub/a.txt"))
        with self.assertRaises(IsADirectoryError):
            self.fs.pipe_file("@files/sub", b"x")
        with self.assertRaises(NotADirectoryError):
            self.fs.pipe_file("@files/sub/a.txt/b", b"x")
        with self.assertRaises(IsADirectoryError):
            self.fs.pipe_file("@files", b"x")
        self.store.put(self.table, name="trips")
        with self.assertRaises(NotADirectoryError):
            self.fs.pipe_file("@trips/part-9.parquet", b"x")
        cid = self.store.resolve("files")
        for wrong in ("a", f"{cid}/a", "catalog.parquet", "@", "@ x/y"):
            with self.assertRaises(PermissionError, msg=wrong):
                self.fs.pipe_file(wrong, b"x")
            with self.assertRaises((PermissionError, FileNotFoundError), msg=wrong):
                self.fs.rm(wrong)
        with self.assertRaises(PermissionError):
            self.fsspec.filesystem("acid", read_only=True, **self.options).pipe_file("@x/y", b"x")
        self.fs.cp_file("@trips/part-0.parquet", "@files/copy.parquet")
        parquet = peer("pyarrow.parquet")
        self.assertEqual([1.5, 2.5], parquet.read_table("@files/copy.parquet", filesystem=self.fs)["px"].to_pylist())
        self.fs.rm("@files/sub", recursive=True)
        self.assertEqual(["@files/copy.parquet"], self.fs.find("@files"))
        self.fs.rm("@files/copy.parquet")
        self.assertIsNone(self.store.resolve("files"))
        self.assertTrue(self.store.files(cid), "the blocks stay")

    def test_files_put_at_once_are_all_there(self):
        def put(thread):
            for i in range(10):
                self.fs.pipe_file(f"@together/{thread}/{i}", b"%d" % i)

        threads = [threading.Thread(target=put, args=[n]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(40, len(self.fs.find("@together")))

    def test_a_store_is_made_only_where_that_is_asked_for(self):
        missing = os.path.join(self.folder, "missing")
        with self.assertRaises(arrowcid.StoreGone):
            self.fsspec.filesystem("acid", store=missing).ls("")
        self.assertFalse(os.path.exists(missing))
        made = self.fsspec.filesystem("acid", store=missing, create=True)
        self.assertEqual(["catalog.parquet"], made.ls("", detail=False))
        made.store.close()

    def test_it_is_sent_to_other_processes_and_opens_again(self):
        self.fs.pipe_file("@x", b"bytes")
        other = pickle.loads(pickle.dumps(self.fs))
        self.assertEqual(b"bytes", other.cat("@x"))
        self.fs.store.close()
        self.assertEqual(b"bytes", self.fs.cat("@x"))
        self.assertEqual(self.fs.ukey("@x"), other.ukey("@x"))
        self.assertNotEqual(self.fs.checksum("@x"), self.fs.checksum(f"acid://{self.store.put_raw(b'other').cid}"))

    def test_rendered_files_are_the_same_bytes_every_time(self):
        self.store.put(self.table, name="trips")
        first = self.fs.cat("@trips/part-0.parquet")
        self.fs._rendered.clear()
        self.assertEqual(first, self.fs.cat("@trips/part-0.parquet"))

    def test_pandas_reads_and_writes(self):
        pandas = peer("pandas")
        self.store.put(self.table, name="trips")
        read = lambda path: pandas.read_parquet(path, storage_options=self.options)
        self.assertEqual([1.5, 2.5, 3.5], list(read("acid://@trips")["px"]))
        self.assertEqual([3.5], list(read("acid://@trips/part-1.parquet")["px"]))
        self.assertEqual([1.5, 2.5, 3.5], list(read(f"acid://{self.store.resolve('trips')}")["px"]))
        catalog = read("acid://catalog.parquet")
        self.assertEqual({"dataset": 1, "batch": 2, "schema": 1}, catalog["kind"].value_counts().to_dict())
        frame = pandas.DataFrame({"n": [1, 2], "text": ["a", None]})
        frame.to_parquet("acid://@out/frame.parquet", storage_options=self.options)
        pandas.testing.assert_frame_equal(frame, read("acid://@out/frame.parquet"))
        frame.to_csv("acid://@out/frame.csv", index=False, storage_options=self.options)
        self.assertEqual([1, 2], list(pandas.read_csv("acid://@out/frame.csv", storage_options=self.options)["n"]))

    def test_every_type_of_column_is_read_from_parquet(self):
        import datetime
        import decimal
        pa, parquet = self.pa, peer("pyarrow.parquet")
        table = pa.table({
            "n": pa.array([1, None, 3], "int16"), "f": [0.5, None, 2.5], "flag": [True, False, None],
            "text": ["a", "", None], "bytes": [b"x", None, b""], "day": [datetime.date(2026, 1, 1), None, None],
            "time": pa.array([1, 2, None], pa.timestamp("us", "UTC")), "list": [[1, 2], [], None],
            "map": pa.array([[("k", 1)], None, []], pa.map_("string", "int64")), "struct": [{"a": 1}, None, {"a": None}],
            "dictionary": pa.array(["x", "y", "x"]).dictionary_encode(),
            "decimal": pa.array([decimal.Decimal("1.25"), None, None], pa.decimal128(9, 2))})
        self.store.put(table, name="types")
        self.assertEqual(table.to_pylist(), parquet.read_table("@types/part-0.parquet", filesystem=self.fs).to_pylist())

    def test_dask_reads_partitions(self):
        peer("pandas")
        frames = peer("dask.dataframe")
        self.store.put(self.table, name="trips")
        frame = frames.read_parquet("acid://@trips", storage_options=self.options)
        self.assertEqual(2, frame.npartitions)
        self.assertEqual(7.5, frame["px"].sum().compute(scheduler="threads"))

    def test_xarray_and_zarr_read_and_write(self):
        np, xarray, zarr = peer("numpy"), peer("xarray"), peer("zarr")
        cube = xarray.Dataset({"v": (("x", "y"), np.arange(12.0).reshape(3, 4))})
        cube.to_zarr("acid://@cube", storage_options=self.options, mode="w", consolidated=False)
        read = xarray.open_zarr("acid://@cube", storage_options=self.options, consolidated=False).load()
        xarray.testing.assert_identical(cube, read)
        cid = self.store.resolve("cube")
        group = zarr.open_group(f"acid://{cid}", mode="r", storage_options=self.options)
        self.assertEqual(66.0, group["v"][:].sum())
        with tempfile.TemporaryDirectory() as folder:
            zarr.save_array(os.path.join(folder, "a.zarr"), np.arange(10))
            self.fs.put(os.path.join(folder, "a.zarr"), "@array", recursive=True)
        self.assertEqual(45, zarr.open_array("acid://@array", mode="r", storage_options=self.options)[:].sum())

    def test_hostile_directories_and_blocks_are_errors(self):
        for block in (b"", b"\xa0", b"PAR1", bytes(range(256))):
            cid = self.store.put_raw(block).cid
            self.assertEqual(block, self.fs.cat(str(cid)))
            self.assertFalse(self.fs.isdir(str(cid)))
        self.assertEqual(["catalog.parquet"], self.fs.ls("", detail=False))


if __name__ == "__main__":
    unittest.main()
