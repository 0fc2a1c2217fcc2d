import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import { tableFromIPC } from 'apache-arrow';
import { flights, folderOf, storeOf } from './folder.js';
import { open } from 'arrowcid';

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
const turn = () => new Promise(resolve => setImmediate(resolve));

/** Whether this process has a store's segment mapped. */
const isMapped = directory => readFileSync('/proc/self/maps', 'utf8').includes(`${directory}/seg-`);

test('after the release every array is empty and nothing faults', async t => {
  const store = storeOf(t);
  const [block] = await store.put(flights);
  const lease = store.get(block.cid);
  const other = store.get(block.cid);
  const table = tableFromIPC(lease.bytes);
  const { values } = table.batches[0].data.children[0];
  lease.release();
  lease.release();
  assert.ok(lease.isReleased);
  assert.deepEqual([lease.buffer.byteLength, lease.bytes.length, values.length, values[0]], [0, 0, 0, undefined]);
  assert.equal(table.get(0).distance, undefined);
  assert.throws(() => new Float64Array(lease.buffer), TypeError);
  // Another lease on the same memory is another buffer.
  assert.equal(tableFromIPC(other.bytes).get(0).distance, 1452);
  assert.equal(lease.cid, block.cid);
});

test('a lease outlives its store', async t => {
  const store = storeOf(t);
  const [block] = await store.put(flights);
  const lease = store.get(block.cid);
  store.close();
  assert.equal(tableFromIPC(lease.bytes).get(0).distance, 1452);
  lease.release();
});

test('memory with a reference stays, and memory without one is released', async t => {
  const directory = folderOf(t);
  const store = open(directory, { capacity: 64 << 20 });
  const cid = (await store.put(flights))[0].cid;
  let values = (() => tableFromIPC(store.get(cid).bytes).batches[0].data.children[1].values)();
  store.close();
  for (let n = 0; n < 5; n++) {
    collect();
    await turn();
  }
  assert.equal(values[0], 1452);
  assert.ok(isMapped(directory));
  values = null;
  for (let n = 0; n < 100 && isMapped(directory); n++) {
    collect();
    await turn();
  }
  assert.ok(!isMapped(directory));
});

test('the memory cannot be moved away from its lease', async t => {
  const store = storeOf(t);
  const lease = store.get((await store.put(flights))[0].cid);
  assert.throws(() => lease.buffer.transfer(), TypeError);
  assert.throws(() => lease.buffer.transferToFixedLength(), TypeError);
  const copy = (() => {
    try {
      return structuredClone(lease.buffer, { transfer: [lease.buffer] });
    } catch (error) {
      return error;
    }
  })();
  assert.ok(copy instanceof ArrayBuffer || copy.name === 'DataCloneError');
  assert.equal(lease.buffer.byteLength, lease.byteLength);
  lease.release();
});

test('ten thousand gets leak nothing', async t => {
  const store = storeOf(t);
  const { cid } = (await store.put(flights))[0];
  const round = async (count, isReleased) => {
    for (let n = 0; n < count; n++) {
      const lease = store.get(cid);
      assert.equal(lease.bytes[0], 0xff);
      if (isReleased) lease.release();
      if (n % 500 === 0) await turn();
    }
    collect();
    await turn();
    collect();
    return process.memoryUsage.rss();
  };
  for (const isReleased of [true, false]) {
    const before = await round(1_000, isReleased);
    const grown = await round(10_000, isReleased) - before;
    assert.ok(grown < 48 << 20, `${grown} bytes more`);
  }
});
