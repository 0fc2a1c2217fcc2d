import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Table, tableFromArrays } from 'apache-arrow';
import { storeOf } from './folder.js';

test('many blocks take one call', t => {
  const store = storeOf(t);
  const blobs = Array.from({ length: 200 }, (_, number) => Buffer.from(`piece ${number}`));
  const blocks = store.putRawMany([...blobs, new Uint8Array()], { tags: { few: '1' } });
  const cids = blocks.map(block => block.cid);
  assert.equal(blocks[200].byteLength, 0);
  const missing = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
  const [seventh, none] = store.getMany([cids[7], missing]);
  assert.equal(Buffer.from(seventh.bytes).toString(), 'piece 7');
  assert.equal(none, null);
  seventh.release();
  assert.deepEqual(store.getMany([]), []);

  assert.equal(store.tagMany(cids, { day: 'monday' }), 201);
  assert.equal(store.annotateMany(cids, cids.map((_, at) => at < 5 ? { producer: 'p' } : {})), 201);
  assert.equal(store.listAll('tag.day = "monday" and producer = "p"').length, 5);
  assert.throws(() => store.annotateMany(cids, [{}, {}]), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => store.annotateMany(cids, { name: 'n' }), { code: 'INVALID_ARGUMENT' });

  store.touch(cids, new Date(Date.now() + 86_400_000));
  assert.match(store.describe(cids[3]).expires, /^2/);
  store.touch(cids, null);
  assert.throws(() => store.touch(cids, 'never'), TypeError);
  const would = store.removeWhere('tag.few = "1"', { dryRun: true });
  assert.equal(would.removed, 201);
  assert.equal(store.listAll('tag.few = "1"').length, 201);
  assert.deepEqual(store.removeWhere('tag.few = "1"'), would);
  assert.deepEqual(store.listAll('tag.few = "1"'), []);
});

test('batches of one schema are put together', async t => {
  const store = storeOf(t);
  const tables = [1, 2, 3].map(n => tableFromArrays({ n: Int32Array.of(n, n) }));
  const blocks = await store.putTogether(tables, { tags: { set: 'x' } });
  assert.deepEqual(blocks.map(block => [block.isNew, block.rows]), [[true, 2], [true, 2], [true, 2]]);
  assert.equal(store.listAll('tag.set = "x"').length, 3);
  const again = await store.putTogether(new Table(tables.flatMap(table => table.batches)));
  assert.deepEqual(again.map(block => [block.cid, block.isNew]), blocks.map(block => [block.cid, false]));
  assert.deepEqual((await store.put(tables.map(table => table.batches[0]))).map(block => block.cid), blocks.map(block => block.cid));

  const other = tableFromArrays({ m: Int32Array.of(1) });
  await assert.rejects(store.putTogether([tables[0], other]), { code: 'SCHEMA_MISMATCH' });
  await assert.rejects(store.putTogether(tables, { name: 'n' }), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(store.putTogether([tables[0], 'text']), TypeError);
});

test('a directory has files by their paths', async t => {
  const store = storeOf(t);
  const file = await store.putRaw(Buffer.from('text'));
  const directory = store.putDirectory({ 'a/b.txt': file.cid }, { name: 'files' });
  assert.equal(directory.kind, 'node');
  assert.deepEqual(store.files(store.resolveName('files')), { 'a/b.txt': file.cid });
  assert.throws(() => store.files(file.cid), { code: 'SCHEMA_MISMATCH' });
  assert.throws(() => store.putDirectory({ '../a': file.cid }), { code: 'INVALID_ARGUMENT' });
});

test('a cached function that calls itself with the same arguments is refused', async t => {
  const store = storeOf(t);
  const again = store.cached(async ({ n }) => again({ n }), { name: 'again' });
  await assert.rejects(again({ n: 1 }), error => error.code === 'INVALID_ARGUMENT' && error.message.includes('calls itself'));
  const down = store.cached(async ({ n }) => {
    return Buffer.from(n === 0 ? '0' : `${n} ${Buffer.from(await down({ n: n - 1 }))}`);
  }, { name: 'down' });
  assert.equal(Buffer.from(await down({ n: 3 })).toString(), '3 2 1 0');
});
