import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, cid, cids, open } from 'arrowcid';
import { flights, storeOf } from './folder.js';

test('bytes that are no Arrow are refused', async t => {
  const store = storeOf(t);
  const wrong = [Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(64, 0xff), flights.subarray(0, 1000)];
  for (const bytes of wrong) {
    await assert.rejects(store.put(bytes), { code: 'INVALID_DATA' });
    assert.throws(() => store.putSync(bytes), { code: 'INVALID_DATA' });
    await assert.rejects(cids(bytes), { code: 'INVALID_DATA' });
    await assert.rejects(check(bytes), { name: 'ArrowCidError' });
  }
  await assert.rejects(check(flights), { code: 'NOT_CANONICAL' });
  assert.deepEqual([...store.list()], []);
});

test('what is no data is refused before the library sees it', async t => {
  const store = storeOf(t);
  for (const wrong of [null, undefined, 7, 'text', {}, []]) {
    await assert.rejects(store.put(wrong), TypeError);
    await assert.rejects(cid(wrong), TypeError);
    await assert.rejects(check(wrong), TypeError);
    await assert.rejects(store.putRaw(wrong), TypeError);
    assert.throws(() => store.putSync(wrong), TypeError);
  }
});

test('texts that are no CIDs, names and filters are refused', async t => {
  const store = storeOf(t);
  const { cid: there } = await store.putRaw(Buffer.from('x'));
  for (const wrong of ['', 'bafkrei', 'x'.repeat(100_000), 'bafkrei\0', null, 7, {}]) {
    assert.throws(() => store.get(wrong), { code: 'INVALID_CID' }, `${wrong}`);
  }
  assert.throws(() => store.setName('a\0b', there), TypeError);
  assert.throws(() => store.resolveName('a\0b'), TypeError);
  assert.throws(() => [...store.list('rows >')], { name: 'ArrowCidError' });
  assert.throws(() => store.annotate(there, { colour: 'red' }), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => store.annotate(there, { expires: 'tomorrow' }), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => open(''), { name: 'ArrowCidError' });
  assert.throws(() => open(7), TypeError);
});

test('a closed store refuses every call', async t => {
  const store = storeOf(t);
  const [block] = await store.put(flights);
  store.close();
  const closed = { code: 'INVALID_ARGUMENT' };
  for (const act of [
    () => store.get(block.cid), () => store.find(block.cid), () => store.has(block.cid), () => [...store.list()],
    () => store.directory, () => store.describe(block.cid), () => store.pin(block.cid), () => store.watch(),
    () => store.putSync(flights), () => store.remove([block.cid]), () => store.resolveName('n'),
  ]) assert.throws(act, closed);
  for (const act of [() => store.put(flights), () => store.verify(block.cid), () => store.flush()]) {
    await assert.rejects(act, closed);
  }
});

test('a store closed while calls run gives results or errors', async t => {
  for (let n = 0; n < 5; n++) {
    const store = storeOf(t);
    const puts = Array.from({ length: 20 }, () => store.put(flights));
    await new Promise(resolve => setImmediate(resolve));
    store.close();
    for (const result of await Promise.allSettled(puts)) {
      if (result.status === 'rejected') assert.equal(result.reason.name, 'ArrowCidError');
    }
  }
});
