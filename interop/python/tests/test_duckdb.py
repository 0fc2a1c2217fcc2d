"""DuckDB computes over the Arrow stream of a store's batches, where they lie. Its library comes with an npm package."""
import sys
import unittest
from ctypes import byref

from support import FLIGHTS, PYTHON, StoreTest, peer

sys.path.insert(0, PYTHON)
import duckdb_peer  # noqa: E402

pa = peer("pyarrow")


class DuckDbTests(StoreTest):
    def setUp(self):
        super().setUp()
        library = duckdb_peer.library()
        if library is None:
            raise unittest.SkipTest("PEER MISSING: DuckDB. Run interop/peers/setup.")
        self.database = duckdb_peer.DuckDb(library)
        self.addCleanup(self.database.close)
        self.duckdb = library

    def query(self, stream, sql):
        self.database.scan(stream)
        result = self.database.query(sql)
        self.addCleanup(self.duckdb.duckdb_destroy_result, byref(result))
        return result

    def test_duckdb_computes_what_pyarrow_computes(self):
        table = pa.ipc.open_file(FLIGHTS).read_all()
        puts = self.store.put(table.to_reader(10_000))
        name = next(field.name for field in table.schema if pa.types.is_integer(field.type))
        result = self.query(self.store.stream([put.cid for put in puts]),
                            f'select count(*), sum("{name}"), avg("{name}") from batches')
        compute = peer("pyarrow.compute")
        column = table.column(name)
        self.assertEqual(table.num_rows, self.duckdb.duckdb_value_int64(byref(result), 0, 0))
        self.assertEqual(compute.sum(column).as_py(), self.duckdb.duckdb_value_int64(byref(result), 1, 0))
        self.assertAlmostEqual(compute.mean(column).as_py(), self.duckdb.duckdb_value_double(byref(result), 2, 0))

    def test_duckdb_reads_text_lists_and_dictionaries(self):
        batch = pa.record_batch({
            "t": ["a", None, "much longer than twelve bytes"], "l": [[1, 2], [], None],
            "d": pa.array(["x", "y", "x"]).dictionary_encode(), "v": pa.array(["p", "q", None], pa.string_view())})
        put = self.store.put(batch)
        result = self.query(self.store.stream([put.cid]),
                            "select sum(length(t)), sum(len(l)), count(*) filter (d = 'x'), count(v) from batches")
        self.assertEqual([30, 2, 2, 2], [self.duckdb.duckdb_value_int64(byref(result), i, 0) for i in range(4)])


if __name__ == "__main__":
    unittest.main()
