"""Reads the registry's table with pyarrow and DuckDB, for tests that hold `arrowcid ls` against them.

    check_catalogue.py LINES ARROW PARQUET SQL...

LINES is what `ls --json` wrote, ARROW and PARQUET are `ls --format` of the same. pyarrow must read the same rows from both.
Then each SQL is asked of each, where `blocks` is the table, ARROW as pyarrow writes it to Parquet: the rows come as JSON, a line
for ARROW and one for PARQUET."""
import datetime
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq

import duckdb_peer


def shown(moment):
    """As the command shows times."""
    return moment and moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def as_listed(row):
    """A row as an object of `ls --json`."""
    row["time"] = shown(row.pop("created"))
    row["expires"] = shown(row["expires"])
    row["tags"] = dict(row["tags"])
    row["json"] = row["json"] and json.loads(row["json"])
    return row


def main(lines, arrow, parquet, *queries):
    with open(lines, encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    with pa.ipc.open_stream(arrow) as reader:
        table = reader.read_all()
    assert table.schema.metadata[b"arrowcid:catalogue"] == b"1", table.schema.metadata
    for name, found in ((arrow, table), (parquet, pq.read_table(parquet))):
        rows = [as_listed(row) for row in found.to_pylist()]
        assert rows == expected, next(
            (name, one, other) for one, other in zip(rows + [None], expected + [None]) if one != other)
    library = duckdb_peer.library()
    assert library is not None, "PEER MISSING: DuckDB. Run interop/peers/setup."
    pq.write_table(table, arrow + ".parquet")
    database = duckdb_peer.DuckDb(library)
    for sql in queries:
        for file in (arrow + ".parquet", parquet):
            print(json.dumps(database.rows(sql.replace("blocks", f"read_parquet('{file}')"))))
    database.close()


main(*sys.argv[1:])
