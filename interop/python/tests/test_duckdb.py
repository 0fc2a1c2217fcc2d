"""DuckDB computes over the Arrow stream of a store's batches, where they lie. Its library comes with an npm package."""
import ctypes
import glob
import os
import unittest
from ctypes import byref, c_char_p, c_double, c_int64, c_uint64, c_void_p

from support import FLIGHTS, StoreTest, peer

pa = peer("pyarrow")


class Result(ctypes.Structure):
    _fields_ = [("opaque", c_uint64 * 8)]


def duckdb():
    peers = os.environ.get("ARROWCID_PEERS") or "/var/tmp/arrowcid-peers"
    found = glob.glob(os.path.join(peers, "node", "node_modules", "@duckdb", "node-bindings-linux-*", "libduckdb.so"))
    if not found:
        raise unittest.SkipTest("PEER MISSING: DuckDB. Run interop/peers/setup.")
    library = ctypes.CDLL(found[0])
    for name, arguments, result in (
            ("open", [c_char_p, c_void_p], ctypes.c_int), ("connect", [c_void_p, c_void_p], ctypes.c_int),
            ("arrow_scan", [c_void_p, c_char_p, c_void_p], ctypes.c_int),
            ("query", [c_void_p, c_char_p, c_void_p], ctypes.c_int), ("result_error", [c_void_p], c_char_p),
            ("value_double", [c_void_p, c_uint64, c_uint64], c_double),
            ("value_int64", [c_void_p, c_uint64, c_uint64], c_int64), ("destroy_result", [c_void_p], None),
            ("disconnect", [c_void_p], None), ("close", [c_void_p], None)):
        function = getattr(library, "duckdb_" + name)
        function.argtypes, function.restype = arguments, result
    return library


class DuckDbTests(StoreTest):
    def setUp(self):
        super().setUp()
        self.duckdb = duckdb()
        self.database, self.connection = c_void_p(), c_void_p()
        self.assertEqual(0, self.duckdb.duckdb_open(None, byref(self.database)))
        self.addCleanup(self.duckdb.duckdb_close, byref(self.database))
        self.assertEqual(0, self.duckdb.duckdb_connect(self.database, byref(self.connection)))
        self.addCleanup(self.duckdb.duckdb_disconnect, byref(self.connection))

    def query(self, stream, sql):
        capsule = stream.__arrow_c_stream__()
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.argtypes, pointer.restype = [ctypes.py_object, c_char_p], c_void_p
        self.assertEqual(0, self.duckdb.duckdb_arrow_scan(self.connection, b"batches",
                                                          pointer(capsule, b"arrow_array_stream")))
        result = Result()
        self.addCleanup(self.duckdb.duckdb_destroy_result, byref(result))
        state = self.duckdb.duckdb_query(self.connection, sql.encode(), byref(result))
        self.assertEqual(0, state, state and self.duckdb.duckdb_result_error(byref(result)))
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
