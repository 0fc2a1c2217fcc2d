"""DuckDB by its C interface: its library comes with an npm package, which interop/peers/setup brings."""
import ctypes
import glob
import os
from ctypes import byref, c_char_p, c_double, c_int64, c_uint64, c_void_p


class Result(ctypes.Structure):
    _fields_ = [("opaque", c_uint64 * 8)]


def library():
    """The library with its functions' types, or None where it is missing."""
    peers = os.environ.get("ARROWCID_PEERS") or "/var/tmp/arrowcid-peers"
    found = glob.glob(os.path.join(peers, "node", "node_modules", "@duckdb", "node-bindings-linux-*", "libduckdb.so"))
    if not found:
        return None
    loaded = ctypes.CDLL(found[0])
    for name, arguments, result in (
            ("open", [c_char_p, c_void_p], ctypes.c_int), ("connect", [c_void_p, c_void_p], ctypes.c_int),
            ("arrow_scan", [c_void_p, c_char_p, c_void_p], ctypes.c_int),
            ("query", [c_void_p, c_char_p, c_void_p], ctypes.c_int), ("result_error", [c_void_p], c_char_p),
            ("row_count", [c_void_p], c_uint64), ("column_count", [c_void_p], c_uint64),
            ("value_varchar", [c_void_p, c_uint64, c_uint64], c_void_p), ("free", [c_void_p], None),
            ("value_double", [c_void_p, c_uint64, c_uint64], c_double),
            ("value_int64", [c_void_p, c_uint64, c_uint64], c_int64), ("destroy_result", [c_void_p], None),
            ("disconnect", [c_void_p], None), ("close", [c_void_p], None)):
        function = getattr(loaded, "duckdb_" + name)
        function.argtypes, function.restype = arguments, result
    return loaded


class DuckDb:
    """A database in memory and one connection to it."""

    def __init__(self, loaded):
        self.library = loaded
        self.streams = []
        self.database, self.connection = c_void_p(), c_void_p()
        assert loaded.duckdb_open(None, byref(self.database)) == 0
        assert loaded.duckdb_connect(self.database, byref(self.connection)) == 0

    def close(self):
        self.library.duckdb_disconnect(byref(self.connection))
        self.library.duckdb_close(byref(self.database))

    def scan(self, stream, name=b"batches"):
        """Makes an Arrow stream a view, which can be read once. This call of DuckDB's takes the n-th column that a query
        needs from the n-th of the stream: ask for columns from the first on."""
        capsule = stream.__arrow_c_stream__()
        # The view reads what the capsule owns.
        self.streams.append(capsule)
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.argtypes, pointer.restype = [ctypes.py_object, c_char_p], c_void_p
        state = self.library.duckdb_arrow_scan(self.connection, name, pointer(capsule, b"arrow_array_stream"))
        assert state == 0, state

    def query(self, sql):
        """A result; duckdb_destroy_result ends it."""
        result = Result()
        state = self.library.duckdb_query(self.connection, sql.encode(), byref(result))
        assert state == 0, self.library.duckdb_result_error(byref(result))
        return result

    def rows(self, sql):
        """All rows as lists of texts."""
        result = self.query(sql)
        try:
            columns = range(self.library.duckdb_column_count(byref(result)))
            return [[self._text(result, column, row) for column in columns]
                    for row in range(self.library.duckdb_row_count(byref(result)))]
        finally:
            self.library.duckdb_destroy_result(byref(result))

    def _text(self, result, column, row):
        text = self.library.duckdb_value_varchar(byref(result), column, row)
        if not text:
            return None
        try:
            return ctypes.string_at(text).decode()
        finally:
            self.library.duckdb_free(text)
