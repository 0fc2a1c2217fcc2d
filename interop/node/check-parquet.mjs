// Reads Parquet files with three readers that others wrote, for tests that hold ArrowCid's writer against them.
//
//   node check-parquet.mjs FOLDER
//
// Of each FOLDER/NAME.parquet: parquet-wasm (arrow-rs) writes NAME.wasm.arrows, DuckDB copies the rows to
// NAME.duck (a Parquet file of its own), hyparquet writes NAME.hy.jsonl, a row a line. What a reader refuses is a
// line `cannot READER NAME: why`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const peers = process.env.ARROWCID_PEERS || "/var/tmp/arrowcid-peers";
const require = createRequire(join(peers, "node", "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));

const { readParquet } = require("parquet-wasm");
const { parquetReadObjects } = await load("hyparquet");
const { compressors } = await load("hyparquet-compressors");
const { DuckDBInstance } = require("@duckdb/node-api");
const duck = await (await DuckDBInstance.create(":memory:")).connect();
await duck.run("SET threads = 1");
await duck.run("SET TimeZone = 'UTC'");

const folder = process.argv[2];
for (const name of readdirSync(folder).filter((file) => file.endsWith(".parquet")).sort()) {
  const path = join(folder, name);
  const stem = path.slice(0, -".parquet".length);
  const attempt = async (reader, read) => {
    try {
      await read();
    } catch (error) {
      console.log(`cannot ${reader} ${name}: ${String(error?.message ?? error).split("\n")[0]}`);
    }
  };
  await attempt("parquet-wasm", () => {
    const table = readParquet(new Uint8Array(readFileSync(path)));
    writeFileSync(`${stem}.wasm.arrows`, table.intoIPCStream());
  });
  await attempt("duckdb", () => duck.run(`COPY (FROM read_parquet('${path}')) TO '${stem}.duck' (FORMAT parquet)`));
  await attempt("hyparquet", async () => {
    const bytes = readFileSync(path);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const rows = await parquetReadObjects({ file, compressors, utf8: false });
    writeFileSync(`${stem}.hy.jsonl`, rows.map((row) => JSON.stringify(row, show) + "\n").join(""));
  });
}

function show(key, value) {
  if (typeof value === "bigint") return JSON.rawJSON ? JSON.rawJSON(value.toString()) : Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value && value.type === "Buffer") return Buffer.from(value.data).toString("base64");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
}
