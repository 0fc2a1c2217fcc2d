// What a client that knows only gRPC and Arrow does with `arrowcid serve`: @grpc/grpc-js, whose messages have 4 MiB at
// most, and apache-arrow.
//
//     check-flight.mjs ADDRESS TOKEN CID ROWS
//
// It fetches the CID's batch, slice by slice, prints its rows' number, and ends with 1 where something is not as it
// should be.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import path from "node:path";
import process from "node:process";

const peers = process.env.ARROWCID_PEERS || "/var/tmp/arrowcid-peers";
const require = createRequire(path.join(peers, "node", "package.json"));
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const arrow = require("apache-arrow");

const [address, token, cid, rows] = process.argv.slice(2);
const proto = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "proto", "Flight.proto");
const { FlightService } = grpc.loadPackageDefinition(loader.loadSync(proto, { bytes: Buffer })).arrow.flight.protocol;
const client = new FlightService(address.replace("grpc://", ""), grpc.credentials.createInsecure(),
  { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip });
const metadata = new grpc.Metadata();
metadata.set("authorization", `Bearer ${token}`);

const unary = (method, request) => new Promise((resolve, reject) =>
  client[method](request, metadata, (error, value) => (error ? reject(error) : resolve(value))));
const stream = async (method, request) => {
  const found = [];
  for await (const message of client[method](request, metadata)) found.push(message);
  return found;
};

const info = await unary("GetFlightInfo", { type: "PATH", path: [cid] });
assert.equal(Number(info.totalRecords), Number(rows));

const messages = await stream("DoGet", { ticket: Buffer.from(cid) });
assert.ok(messages.length > 2, "it comes in slices");
const parts = messages.flatMap(({ dataHeader, dataBody }) => {
  const length = Buffer.alloc(8, 0xff);
  length.writeInt32LE(dataHeader.length, 4);
  return [length, dataHeader, dataBody ?? Buffer.alloc(0)];
});
const table = arrow.tableFromIPC(Buffer.concat([...parts, Buffer.from([255, 255, 255, 255, 0, 0, 0, 0])]));
assert.equal(table.numRows, Number(rows));

await assert.rejects(unary("GetFlightInfo", { type: "PATH", path: ["nothing"] }), (e) => e.code === grpc.status.NOT_FOUND);
const actions = await stream("ListActions", {});
assert.ok(actions.some(({ type }) => type === "find-missing"));
const [missing] = await stream("DoAction", { type: "find-missing", body: Buffer.from(JSON.stringify({ cids: [cid] })) });
assert.deepEqual(JSON.parse(missing.body.toString()), { missing: [] });
await assert.rejects(new Promise((resolve, reject) => {
  const watch = client.DoGet({ ticket: Buffer.from('["watch"]') }, metadata, { deadline: Date.now() + 500 });
  watch.on("data", () => {}).on("error", reject).on("end", resolve);
}), (e) => e.code === grpc.status.DEADLINE_EXCEEDED);
client.close();
console.log(table.numRows);
