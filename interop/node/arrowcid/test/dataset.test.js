import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Table, tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import { open } from 'arrowcid';
import { storeOf } from './folder.js';

const parts = [[1.5, 2.5], [3.5]].map(px => tableFromArrays({ px: Float64Array.from(px) }).batches[0]);
const table = new Table(parts);

test('a table of several batches is a dataset under its name', async t => {
  const store = storeOf(t);
  const blocks = await store.put(table, { name: 'trips', tags: { day: 'monday' } });
  assert.equal(blocks.length, 2);
  const dataset = store.dataset('trips');
  assert.match(dataset.cid, /^bafyrei/);
  assert.equal(store.resolveName('trips'), dataset.cid);
  assert.deepEqual([dataset.rows, dataset.length, dataset.schemaCid], [3, 2, blocks[0].schemaCid]);
  assert.deepEqual(dataset.batches, blocks.map(({ cid }) => cid));
  const values = [...dataset].map(lease => [...tableFromIPC(lease.bytes).getChild('px')]);
  assert.deepEqual(values, [[1.5, 2.5], [3.5]]);
  const whole = await dataset.table();
  assert.deepEqual([whole.numRows, [...whole.getChild('px')]], [3, [1.5, 2.5, 3.5]]);
  for (const key of [dataset.cid, '@trips']) assert.equal(store.dataset(key).cid, dataset.cid);
});

test('listings and names that meet a dataset go on', async t => {
  const store = storeOf(t);
  await store.put(table, { name: 'trips', tags: { day: 'monday' } });
  const { cid } = store.dataset('trips');
  const listed = [...store.list('tag.day = "monday"')];
  assert.deepEqual(listed.map(({ kind }) => kind).sort(), ['batch', 'batch', 'dataset']);
  assert.deepEqual([...store.datasets()].map(block => [block.cid, block.rows]), [[cid, 3]]);
  assert.deepEqual([...store.datasets('rows > 3')], []);
  assert.deepEqual([...store.names()].map(({ name, cid, kind }) => ({ name, cid, kind })), [{ name: 'trips', cid, kind: 'dataset' }]);
  assert.deepEqual([store.find(cid).kind, store.describe(cid).batches, store.has(cid)], ['dataset', 2, true]);
  const lease = store.get(cid);
  assert.equal(lease.block.kind, 'dataset');
  lease.release();
  store.pin(cid);
  assert.equal(store.remove(store.dataset(cid).batches), 0);
  await store.verify(cid);
});

test('datasets of batches that are there have metadata in their CID', async t => {
  const store = storeOf(t);
  const blocks = await store.put(table);
  const plain = await store.putDataset(blocks.map(({ cid }) => cid));
  assert.equal((await store.putDataset(table, { name: 'again' })).cid, plain.cid);
  const child = await store.putDataset(tableToIPC(table, 'stream'), { metadata: { note: 'x' }, madeOf: [plain.cid] });
  assert.notEqual(child.cid, plain.cid);
  assert.equal(store.resolveName('again'), plain.cid);
  assert.throws(() => store.dataset('nobody'), { code: 'NAME_NOT_FOUND' });
  assert.throws(() => store.dataset(blocks[0].cid), { code: 'SCHEMA_MISMATCH' });
  assert.equal(store.dataset('bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4'), null);
  await assert.rejects(store.putDataset([]), { code: 'INVALID_ARGUMENT' });
});

test('the example of the README runs', async t => {
  const folder = storeOf(t).directory;
  const text = readFileSync(new URL('README.md', import.meta.resolve('arrowcid')), 'utf8');
  const example = text.match(/## Datasets\n[^]*?```js\n([^]*?)```/)[1].replace(/^import .*$/gm, '').replace('/dev/shm/quotes', folder);
  const printed = [];
  const run = Object.getPrototypeOf(async () => {}).constructor;
  await new run('Table', 'tableFromArrays', 'tableFromIPC', 'open', 'console', example)(
    Table, tableFromArrays, tableFromIPC, open, { log: (...values) => printed.push(values) });
  assert.deepEqual(printed.at(-1).slice(0, 2), ['trips', 'dataset']);
  assert.equal(printed[0][1], 3);
});
