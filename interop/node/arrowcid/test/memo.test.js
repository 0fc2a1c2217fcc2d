import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ArrowCidError, callKey, input, open } from 'arrowcid';
import { tableFromArrays, tableFromIPC } from 'apache-arrow';
import { folderOf, storeOf } from './folder.js';

const vectors = JSON.parse(readFileSync(process.env.ARROWCID_CALLS)).calls;

function valueOf(value) {
  if (Array.isArray(value)) return value.map(valueOf);
  if (value === null || typeof value !== 'object') return value;
  const [[type, text] = []] = Object.entries(value);
  switch (type) {
    case '$int': return BigInt(text);
    case '$float': return Number(text);
    case '$bytes': return Buffer.from(text, 'hex');
    case '$date': return text;
    case '$time': return new Date(text);
    default: return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, valueOf(item)]));
  }
}

test('vectors give their keys', () => {
  assert.equal(vectors.length, 60);
  for (const { name, fn, version, params, inputs, env, cid } of vectors) {
    const args = {};
    for (const [key, value] of Object.entries(params)) args[key] = valueOf(value);
    for (const [key, value] of Object.entries(inputs)) args[key] = input(value);
    assert.equal(callKey(fn, { version, args, env }), cid, name);
  }
});

test('an argument that is no data is refused by name', () => {
  for (const value of [() => 1, Symbol('x'), NaN, new (class Thing {})(), 'half \ud800', 1n << 65n, [input(vectors[0].cid)]]) {
    assert.throws(() => callKey('f', { args: { fine: 1, wrong: value } }),
      error => error instanceof ArrowCidError && error.code === 'INVALID_ARGUMENT' && error.message.includes("'wrong'"));
  }
});

test('a function computes once for all who miss together, and another handle finds its result', async t => {
  const place = folderOf(t);
  const store = open(place, { capacity: 64 << 20 });
  const other = open(place);
  let computed = 0;
  const make = of => of.cached(async function numbers({ n }) {
    computed++;
    await new Promise(resolve => setTimeout(resolve, 10));
    return Buffer.from(`value of ${n}`);
  }, { version: 2, ttl: '1h' });
  const [one, two] = [make(store), make(other)];
  const values = await Promise.all([one({ n: 1 }), one({ n: 1 }), two({ n: 1 }), two({ n: 1.0 })]);
  assert.deepEqual(values.map(value => Buffer.from(value).toString()), Array(4).fill('value of 1'));
  assert.equal(computed, 1);
  assert.equal(one.info().misses + two.info().misses, 1);
  assert.equal(one.key({ n: 1 }), two.key({ n: 1 }));
  await one({ n: 2 });
  assert.equal(one.count(), 2);
  assert.equal(one.count({ n: 2 }), 1);
  assert.equal(one.invalidate({ n: 1 }), 1);
  await one({ n: 1 });
  assert.equal(computed, 3);
  store.close();
  other.close();
});

test('a failure is not kept, nor is what keepIf refuses', async t => {
  const store = storeOf(t);
  let calls = 0;
  const fails = store.cached(function fails() {
    calls++;
    if (calls === 1) throw new RangeError('first');
    return Buffer.from('x');
  }, { keepIf: value => value.length > 1 });
  await assert.rejects(fails(), RangeError);
  await fails();
  await fails();
  assert.equal(calls, 3);
  assert.equal(fails.count(), 0);
  assert.throws(() => store.cached(() => 1, { name: 'f', unknown: 1 }), TypeError);
  const put = await store.putRaw(Buffer.from('an input'));
  const named = store.cached(() => Buffer.from('y'), { name: 'of input', ignore: ['verbose'] });
  await named({ data: input(put.cid), verbose: true });
  await named({ data: input(put.cid), verbose: false });
  assert.equal(named.info().hits, 1);
});

test('a table comes back as a lease, and several batches as a dataset', async t => {
  const store = storeOf(t);
  const table = store.cached(({ n }) => tableFromArrays({ n: Int32Array.of(n, 2) }), { name: 'table' });
  for (const hits of [0, 1]) {
    const lease = await table({ n: 1 });
    assert.deepEqual([...tableFromIPC(lease.bytes).getChild('n')], [1, 2]);
    assert.equal(table.info().hits, hits);
  }
});
