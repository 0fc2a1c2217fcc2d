// Reads CSV and JSON lines with DuckDB under given types, for tests that hold ArrowCid's readers and writers against it.
//
//   node check-rows.mjs MANIFEST
//
// MANIFEST is JSON lines of {"file", "format", "columns"}; columns are DuckDB's types by name. Of each file the rows go
// to FILE.parquet, which DuckDB writes.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const peers = process.env.ARROWCID_PEERS || "/var/tmp/arrowcid-peers";
const require = createRequire(join(peers, "node", "package.json"));
const { DuckDBInstance } = require("@duckdb/node-api");
const duck = await (await DuckDBInstance.create(":memory:")).connect();
await duck.run("SET threads = 1");
await duck.run("SET TimeZone = 'UTC'");

for (const line of readFileSync(process.argv[2], "utf8").split("\n").filter((text) => text)) {
  const { file, format, columns } = JSON.parse(line);
  const types = `{${Object.entries(columns).map(([name, type]) => `'${name}': '${type}'`).join(", ")}}`;
  const source = format === "csv"
    ? `read_csv('${file}', header = true, columns = ${types}, delim = ',', quote = '"', escape = '"', nullstr = '',
        allow_quoted_nulls = false, auto_detect = false)`
    : `read_json('${file}', columns = ${types}, format = 'newline_delimited')`;
  await duck.run(`COPY (FROM ${source}) TO '${file}.parquet' (FORMAT parquet)`);
}
