import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RecordBatch, Table, tableFromArrays, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';
import { check, cid, cids, hashPath, open, version } from 'arrowcid';
import { damage, flights, folderOf, storeOf } from './folder.js';
import { mappedFile } from './mapped.js';

const quotes = first => tableFromArrays({ px: Float64Array.of(first, first + 0.25), size: Int32Array.of(1, 2) });

test('what was put is read where it lies', async t => {
  const store = storeOf(t);
  const [block] = await store.put(flights);
  assert.deepEqual([true, 200_000, 'batch'], [block.isNew, block.rows, block.kind]);
  assert.equal((await store.put(flights))[0].isNew, false);
  assert.equal(store.putSync(flights)[0].cid, block.cid);

  const lease = store.get(block.cid);
  assert.equal(lease.bytes.length, block.byteLength);
  assert.deepEqual([lease.cid, lease.schemaCid, lease.rows], [block.cid, block.schemaCid, block.rows]);
  assert.equal(await check(lease.bytes), block.cid);
  assert.ok(mappedFile(lease.bytes).startsWith(store.directory));
});

test('put reports that it repaired a damaged block', async t => {
  const store = storeOf(t);
  const [block] = await store.put(quotes(1));
  assert.deepEqual([true, false], [block.isNew, block.isRepaired]);
  damage(store.directory, store.get(block.cid).bytes);
  const [put] = await store.put(quotes(1));
  assert.deepEqual([block.cid, false, true], [put.cid, put.isNew, put.isRepaired]);
  assert.equal(await check(store.get(block.cid).bytes), block.cid);
  assert.equal((await store.put(quotes(1)))[0].isRepaired, false);
});

test('a store and a lease show what they are', async t => {
  const store = storeOf(t);
  const [block] = await store.put(flights);
  const lease = store.get(block.cid);
  assert.equal(inspect(store), `Store { directory: '${store.directory}' }`);
  assert.equal(inspect(lease), `Lease { cid: '${block.cid}', rows: 200000, byteLength: ${block.byteLength} }`);
  lease.release();
  assert.match(inspect(lease), /, released }$/);
  store.close();
  assert.equal(inspect(store), 'Store { closed }');
});

test('apache-arrow opens it without a copy', async t => {
  const store = storeOf(t);
  const [block] = await store.put(flights);
  const lease = store.get(block.cid);
  const table = tableFromIPC(lease.bytes);
  assert.equal(table.numRows, 200_000);
  for (const column of table.batches[0].data.children) {
    assert.equal(column.values.buffer, lease.buffer);
    assert.ok(mappedFile(column.values).startsWith(store.directory));
  }
  assert.equal(table.get(0).distance, 1452);
});

test('tables and batches of apache-arrow have the CID that they have everywhere', async t => {
  const store = storeOf(t);
  const table = quotes(101);
  const expected = await cid(table);
  assert.equal(await cid(table.batches[0]), expected);
  assert.deepEqual(await cids(tableToIPC(table, 'stream')), [expected]);
  assert.deepEqual(await cids(tableToIPC(table, 'file')), [expected]);
  const [block] = await store.put(table, { tags: { day: 'monday' }, name: 'latest' });
  assert.equal(block.cid, expected);
  assert.equal((await store.put(table.batches[0]))[0].isNew, false);
  assert.ok(table.batches[0] instanceof RecordBatch);
  assert.equal(store.resolveName('latest'), expected);
  assert.deepEqual([...tableFromIPC(store.get(expected).bytes).getChild('px')], [101, 101.25]);

  const two = new Table([...quotes(1).batches, ...quotes(2).batches]);
  assert.equal((await store.put(two)).length, 2);
  await assert.rejects(cid(two), { code: 'INVALID_ARGUMENT' });
});

test('texts, nulls and dictionaries come back', async t => {
  const store = storeOf(t);
  const table = new Table({
    words: vectorFromArray(['one', null, 'three', 'é€😀']),
    numbers: vectorFromArray([1n, null, 3n, -(2n ** 62n)]),
    flags: vectorFromArray([true, false, null, true]),
  });
  const [block] = await store.put(table);
  const read = tableFromIPC(store.get(block.cid).bytes);
  const values = one => one.toArray().map(row => row.toJSON());
  assert.deepEqual(values(read), values(table));
});

test('more batches than there are places at first are all put', async t => {
  const store = storeOf(t);
  const many = new Table(Array.from({ length: 100 }, (_, n) => quotes(n)).flatMap(one => one.batches));
  const ipc = tableToIPC(many, 'stream');
  assert.equal((await cids(ipc)).length, 100);
  assert.equal(new Set((await store.put(ipc)).map(block => block.cid)).size, 100);
  assert.equal(store.putSync(ipc).filter(block => block.isNew).length, 0);
  assert.equal([...store.list()].length, 100);
});

test('hundreds of puts at once all succeed', async t => {
  const store = storeOf(t);
  const puts = Array.from({ length: 500 }, (_, n) => store.put(tableToIPC(quotes(n), 'stream')));
  const blocks = (await Promise.all(puts)).flat();
  assert.ok(store.contains(blocks.map(block => block.cid)).every(Boolean));
});

test('listings, filters, facts, pins and names', async t => {
  const store = storeOf(t);
  const all = [];
  for (let n = 0; n < 150; n++) all.push((await store.put(quotes(n), { tags: { n: `${n}` } }))[0].cid);
  assert.deepEqual([...store.list()].map(block => block.cid).sort(), [...all].sort());
  assert.equal([...store.list('tag.n < 2')].length, 2);
  for (const block of store.list()) { // left early: the listing is closed
    assert.ok(block.time instanceof Date);
    break;
  }

  store.annotate(all[0], { tags: { quality: 'good' }, data: { k: [1, 'é'] }, parents: [all[1]],
    expires: new Date('2036-01-01T00:00:00Z'), producer: 'etl', locations: ['https://example.org/'] });
  const text = JSON.stringify(store.describe(all[0]));
  for (const part of ['quality', 'good', 'é', all[1], '2036-01-01', 'etl', 'example.org']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }

  store.setName('head', all[0], { expected: null });
  store.setName('head', all[1], { expected: all[0] });
  assert.throws(() => store.setName('head', all[2], { expected: all[0] }), { code: 'NAME_CONFLICT' });
  assert.throws(() => store.setName('head', all[2], { expected: null }), { code: 'NAME_EXISTS' });
  assert.equal(store.resolveName('head'), all[1]);
  store.removeName('head');
  assert.equal(store.resolveName('head'), null);
  assert.throws(() => store.removeName('head'), { code: 'NAME_NOT_FOUND' });

  store.pin(all[0]);
  assert.equal(store.remove(all.slice(0, 2)), 1);
  assert.deepEqual([...store.list('tag.n < 2')].map(block => block.cid), [all[0]]);
  store.unpin(all[0]);
  assert.equal(store.remove([all[0]], { force: true }), 1);
  assert.equal([...store.list()].length, 148);
  await store.verify(all[5]);
  await assert.rejects(store.verify(await cid(quotes(1000))), { code: 'BLOCK_NOT_FOUND' });
  await store.flush();
});

test('what is absent is null', async t => {
  const store = storeOf(t);
  const absent = await cid(quotes(1));
  assert.equal(store.get(absent), null);
  assert.equal(store.find(absent), null);
  assert.equal(store.has(absent), false);
  assert.equal(store.resolveName('nobody'), null);
});

test('raw bytes are blocks too', async t => {
  const store = storeOf(t);
  const block = await store.putRaw(Buffer.from('some bytes'));
  assert.deepEqual([block.kind, block.schemaCid, block.byteLength], ['raw', null, 10]);
  assert.equal(Buffer.from(store.get(block.cid).buffer).toString(), 'some bytes');
  assert.deepEqual(store.find(block.cid).kind, 'raw');
});

test('stores are opened as the options say', async t => {
  const directory = folderOf(t);
  assert.throws(() => open(directory, { mustExist: true }), { code: 'STORE_GONE', name: 'ArrowCidError' });
  const store = open(directory, { capacity: 16 << 20, segmentSize: 1 << 20, retention: 'ring', durability: 'none' });
  t.after(() => store.close());
  const reader = open(directory, { readOnly: true, verify: 'always' });
  const [block] = await store.put(quotes(1));
  assert.equal(reader.get(block.cid).cid, block.cid);
  await assert.rejects(reader.put(quotes(2)));
  reader.close();
  reader.close();
  assert.ok(reader.isClosed);
  assert.throws(() => open(directory, { size: 1 }), TypeError);
  assert.throws(() => open(directory, { verify: 'never' }), TypeError);
});

test('the library says what it is', () => {
  assert.match(version, /^\d+\.\d+/);
  assert.ok(['avx512-16', 'sha-ni', 'sha2', 'serial'].includes(hashPath), hashPath);
});
