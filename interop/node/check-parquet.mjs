// Reads Parquet files with three readers that others wrote, for tests that hold ArrowCid's writer against them.
//
//   node check-parquet.mjs FOLDER
//   node check-parquet.mjs --write FOLDER    DuckDB's types in DuckDB's codecs and page versions
//
// Of each FOLDER/NAME.parquet: parquet-wasm (arrow-rs) writes NAME.wasm.arrows, DuckDB copies the rows to
// NAME.duck (a Parquet file of its own), hyparquet writes NAME.hy.jsonl, a row a line: an array of its columns with big
// numbers, dates and instants as "n:DIGITS" in the file's unit and bytes in base64. What a reader refuses is a line
// `cannot READER NAME: why`.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const peers = process.env.ARROWCID_PEERS || "/var/tmp/arrowcid-peers";
const require = createRequire(join(peers, "node", "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)));

const { readParquet } = require("parquet-wasm");
const { parquetRead } = await load("hyparquet");
const { compressors } = await load("hyparquet-compressors");
const { DuckDBInstance } = require("@duckdb/node-api");
const duck = await (await DuckDBInstance.create(":memory:")).connect();
await duck.run("SET threads = 1");
await duck.run("SET TimeZone = 'UTC'");

if (process.argv[2] === "--write") {
  const numbers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL(4,1)", "DECIMAL(9,2)", "DECIMAL(18,3)", "DECIMAL(38,4)"];
  const stamps = ["TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"];
  const query = `SELECT ${numbers.map((type, n) => `i::${type} AS n${n}`).join(", ")},
    ${stamps.map((type, n) => `${type} '2020-01-01 00:00:00' AS t${n}`).join(", ")},
    CASE WHEN i % 3 = 0 THEN NULL ELSE 's' || i END s, ('b' || i)::BLOB b, i % 2 = 0 AS o,
    DATE '2020-01-01' + i::INTEGER d, TIME '00:00:01' e, TIMETZ '00:00:01+00' f, INTERVAL 3 DAY g,
    [i, NULL, i + 1] l, [[], [i]] ll, {'x': i, 'y': [{'z': i::VARCHAR}]} st, MAP {'k': i} m, uuid() u,
    'e1'::ENUM('e1', 'e2') en, '{}'::JSON j, NULL AS z, '101'::BIT AS bits FROM range(100) r(i)`;
  for (const codec of ["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"]) {
    for (const version of ["V1", "V2"]) {
      const file = join(process.argv[3], `${codec}-${version}.parquet`);
      await duck.run(`COPY (${query}) TO '${file}' (FORMAT parquet, COMPRESSION ${codec}, PARQUET_VERSION ${version})`);
    }
  }
  process.exit(0);
}

// hyparquet leaves to these the meaning of a number.
const bare = (value) => value == null ? value : BigInt(value);
const parsers = {
  timestampFromMilliseconds: bare, timestampFromMicroseconds: bare, timestampFromNanoseconds: bare, dateFromDays: bare,
};

// hyparquet reads columns side by side: where one is refused, what the others say is left over.
process.on("unhandledRejection", () => {});

const folder = process.argv[2];
for (const name of readdirSync(folder).filter((file) => file.endsWith(".parquet")).sort()) {
  const path = join(folder, name);
  const stem = path.slice(0, -".parquet".length);
  const attempt = async (reader, target, read) => {
    try {
      await read();
    } catch (error) {
      rmSync(target, { force: true });
      console.log(`cannot ${reader} ${name}: ${String(error?.message ?? error).split("\n")[0]}`);
    }
  };
  await attempt("parquet-wasm", `${stem}.wasm.arrows`, () => {
    const table = readParquet(new Uint8Array(readFileSync(path)));
    writeFileSync(`${stem}.wasm.arrows`, table.intoIPCStream());
  });
  await attempt("duckdb", `${stem}.duck`, () =>
    duck.run(`COPY (FROM read_parquet('${path}')) TO '${stem}.duck' (FORMAT parquet)`));
  await attempt("hyparquet", `${stem}.hy.jsonl`, async () => {
    const bytes = readFileSync(path);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    let rows = [];
    const onComplete = (all) => { rows = all; };
    await parquetRead({ file, compressors, parsers, utf8: false, rowFormat: "array", onComplete });
    writeFileSync(`${stem}.hy.jsonl`, rows.map((row) => JSON.stringify(row, show) + "\n").join(""));
  });
}

function show(key, value) {
  if (typeof value === "bigint") return `n:${value}`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value && value.type === "Buffer") return Buffer.from(value.data).toString("base64");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return "-0";
  return value;
}
