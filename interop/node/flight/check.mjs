// Every call of the client against `arrowcid serve`. ArrowCid.ProcessTests/Flight/FlightClientTests.cs waits for what it says.
//
//   node check.mjs all ADDRESS TOKEN FLIGHTS
//   node check.mjs local ADDRESS TOKEN CID [ROOTS [CERTIFICATE KEY]]   `local N` or `remote N`
//   node check.mjs get ADDRESS TOKEN CID [ROOTS [CERTIFICATE KEY]]     `rows N`, or `mismatch`

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Table, tableFromIPC } from 'apache-arrow';
import { cidOf, connect, Mismatch } from './index.js';

const ABSENT = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
const code = (expected) => (error) => error.code === expected;
const NOT_FOUND = 5, UNAUTHENTICATED = 16;

async function all(address, token, flights) {
  const batches = tableFromIPC(fs.readFileSync(flights)).batches;
  const batch = new Table([batches[0]]);
  const rows = batch.numRows;
  const client = connect(address, { token, local: false });
  assert.equal(await client.handshake(), `Bearer ${token}`);
  const [ack] = await client.put(batch, { tags: { from: 'node' }, producer: 'check', json: { a: [1] } });
  assert.ok(ack.isNew && ack.rows === rows);
  assert.equal((await client.put(batch, { expectedCid: ack.cid }))[0].isNew, false);
  await assert.rejects(client.put(batch, { expectedCid: ABSENT }));
  console.log('cid', ack.cid);
  const bytes = await client.getBytes(ack.cid);
  assert.equal(cidOf(bytes), ack.cid);
  assert.equal((await client.put(bytes))[0].cid, ack.cid);
  const got = await client.get(ack.cid);
  assert.deepEqual(got.getChildAt(0).toArray(), batch.getChildAt(0).toArray());
  assert.equal(Number((await client.info(ack.cid)).totalRecords), rows);
  assert.equal(Number((await client.poll(ack.cid)).info.totalRecords), rows);
  assert.deepEqual((await client.schema(ack.cid)).names, batch.schema.names);

  const parts = new Table([0, 1, 2, 3].map((k) => batches[0].slice(k * 1000, (k + 1) * 1000)));
  const acks = await client.put(parts, { name: 'parts' });
  assert.ok(acks.length === 5 && acks[4].isStream && acks[4].name === 'parts');
  assert.equal((await client.read({ name: 'parts' })).numRows, 4000);
  const column = batch.schema.names[1];
  const some = await client.read({ name: 'parts', columns: [column], firstRow: 1500, rows: 20 });
  assert.deepEqual(some.getChild(column).toArray(), batch.slice(1500, 1520).getChild(column).toArray());
  assert.equal(await client.resolve('parts'), acks[4].cid);
  assert.equal(await client.resolve('nothing'), null);
  const cids = acks.slice(0, 4).map(({ cid }) => cid);
  const many = [];
  for await (const one of client.getMany(cids)) many.push(one.cid);
  assert.deepEqual(many, cids);
  await assert.rejects((async () => { for await (const one of client.getMany([cids[0], ABSENT])) assert.ok(one); })(), code(NOT_FOUND));

  const listed = new Map();
  for await (const entry of client.list()) listed.set(entry.cid, entry);
  assert.deepEqual(new Set(listed.keys()), new Set([ack.cid, ...acks.map(({ cid }) => cid)]));
  assert.deepEqual([listed.get(acks[4].cid).known.kind, listed.get(acks[4].cid).known.batches], ['dataset', 4]);
  assert.deepEqual(listed.get(ack.cid).known.tags, { from: 'node' });
  const large = [];
  for await (const entry of client.list({ filter: 'kind = batch and rows > 1000' })) large.push(entry.cid);
  assert.deepEqual(large, [ack.cid]);
  assert.equal((await client.catalog('kind = batch')).numRows, 5);
  assert.ok('pin' in await client.actions());
  await client.tag(ack.cid, 'day', 'monday');
  await client.pin(ack.cid);
  const known = await client.describe(ack.cid);
  assert.deepEqual([known.tags, known.json], [{ day: 'monday', from: 'node' }, { a: [1] }]);
  assert.equal(await client.unpin(ack.cid), true);
  await client.setName('n', ack.cid);
  await assert.rejects(client.setName('n', ABSENT, { expected: ABSENT }));
  await client.setName('n', null);
  assert.deepEqual(await client.findMissing([ack.cid, ABSENT]), [ABSENT]);
  await assert.rejects(client.get(ABSENT), code(NOT_FOUND));
  const wrong = connect(address, { token: 'wrong-token-0123456789' });
  await assert.rejects(wrong.info(ack.cid), code(UNAUTHENTICATED));
  wrong.close();
  const nobody = connect(address);
  assert.equal((await nobody.get(ack.cid)).numRows, rows);
  await assert.rejects(nobody.put(batch), code(UNAUTHENTICATED));
  nobody.close();

  for await (const put of client.watch({ heartbeatSeconds: 1, onReady: (cursor) => console.log('ready', cursor) })) {
    console.log('heard', put.kind, put.cid, put.rows);
    if (put.rows === 2) break;
  }
  client.close();
}

async function get(address, token, cid, ...tls) {
  const [rootCertificates, certificateChain, privateKey] = tls.map((file) => fs.readFileSync(file));
  const client = connect(address, { token, rootCertificates, certificateChain, privateKey, local: false });
  try {
    console.log('rows', (await client.get(cid)).numRows);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    console.log('mismatch');
  }
  client.close();
}

async function local(address, token, cid, ...tls) {
  const [rootCertificates, certificateChain, privateKey] = tls.map((file) => fs.readFileSync(file));
  const client = connect(address, { token, rootCertificates, certificateChain, privateKey });
  const bytes = await client.getBytes(cid);
  const isLocal = await client.isLocal();
  assert.equal(isLocal, (await client.localStore()) !== null);
  assert.equal(cidOf(bytes), cid);
  // Two reads in place are of the same memory: a lease's buffer is not copied.
  const table = await client.get(cid);
  assert.equal(maps(), isLocal);
  const many = [];
  for await (const each of client.getMany([cid, cid])) many.push(each);
  assert.deepEqual(many.map((each) => [each.cid, cidOf(each.bytes)]), [[cid, cid], [cid, cid]]);
  await assert.rejects(client.get(ABSENT), code(NOT_FOUND));
  client.close();
  await client.isLocal();
  // What was read in place stays.
  assert.equal(table.getChildAt(0).get(table.numRows - 1), 7n);
  console.log(isLocal ? 'local' : 'remote', table.numRows);
}

/** Whether this process maps a segment of a store. */
function maps() {
  return fs.readFileSync('/proc/self/maps', 'ascii').includes('/seg-');
}

const [what, ...rest] = process.argv.slice(2);
await { all, get, local }[what](...rest);
