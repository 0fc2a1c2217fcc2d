import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { open } from 'arrowcid';
import { storeOf } from './folder.js';

const quotes = first => tableToIPC(tableFromArrays({ px: Float64Array.of(first) }), 'stream');

test('a watch hears of every put in order, of this process and others', async t => {
  const store = storeOf(t);
  const watch = store.watch();
  const other = open(store.directory);
  t.after(() => other.close());
  const expected = [];
  const putting = (async () => {
    for (let n = 0; n < 300; n++) {
      expected.push((n % 2 ? other : store).putSync(quotes(n % 200))[0].cid);
      if (n % 50 === 0) await new Promise(resolve => setImmediate(resolve));
    }
  })();
  const heard = [];
  for await (const event of watch) {
    heard.push(event);
    if (heard.length === 300) break;
  }
  await putting;
  assert.deepEqual(heard.map(one => one.block.cid).sort(), [...expected].sort());
  assert.equal(heard.filter(one => one.kind === 'new').length, 200);
  assert.ok(heard.every(one => one.block.isNew === (one.kind === 'new')));
});

test('a watch of names hears of their changes with the block before and since', async t => {
  const store = storeOf(t);
  const [{ cid }] = await store.put(quotes(1));
  const watch = store.watchNames('prices/*');
  store.setName('other', cid);
  store.setName('prices/a', cid);
  const { value } = await watch.next();
  assert.deepEqual([value.kind, value.name, value.oldCid, value.cid], ['name', 'prices/a', null, cid]);
  watch.close();
});

test('a watch sleeps until there is something', async t => {
  const store = storeOf(t);
  const watch = store.watch();
  const first = watch.next();
  const second = watch.next();
  const [block] = await store.put(quotes(1));
  assert.equal((await first).value.block.cid, block.cid);
  const [other] = await store.put(quotes(2));
  assert.equal((await second).value.block.cid, other.cid);
});

test('another watch goes on behind a cursor', async t => {
  const store = storeOf(t);
  const all = [1, 2, 3].map(n => store.putSync(quotes(n))[0].cid);
  const watch = store.watch({ from: 'oldest' });
  for await (const { block } of watch) {
    assert.equal(block.cid, all[0]);
    break;
  }
  const { value } = await store.watch({ from: watch.cursor }).next();
  assert.equal(value.block.cid, all[1]);
  assert.throws(() => store.watch({ from: 'yesterday' }), { name: 'ArrowCidError' });
});

test('an aborted signal ends a watch that sleeps, and one that is busy', async t => {
  const store = storeOf(t);
  const sleeping = new AbortController();
  const next = store.watch({ signal: sleeping.signal }).next();
  setImmediate(() => sleeping.abort());
  await assert.rejects(next, { name: 'AbortError' });

  for (let n = 0; n < 200; n++) store.putSync(quotes(n));
  const busy = new AbortController();
  setImmediate(() => busy.abort());
  let heard = 0;
  await assert.rejects(async () => {
    for await (const one of store.watch({ from: 'oldest', signal: busy.signal })) heard += one.block ? 1 : 0;
  }, { name: 'AbortError' });
  assert.ok(heard < 200, `${heard}`);

  const reason = new Error('enough');
  await assert.rejects(store.watch({ signal: AbortSignal.abort(reason) }).next(), reason);
});

test('a closed watch and a closed store end the iteration', async t => {
  const store = storeOf(t);
  const watch = store.watch();
  const next = watch.next();
  setImmediate(() => watch.close());
  assert.deepEqual(await next, { value: undefined, done: true });
  assert.deepEqual(await watch.next(), { value: undefined, done: true });

  const other = store.watch();
  const waiting = other.next();
  setImmediate(() => store.close());
  assert.equal((await waiting).done, true);
});

test('thousands of watches leave nothing open', async t => {
  const { readdirSync } = await import('node:fs');
  const store = storeOf(t);
  store.putSync(quotes(1));
  const open = () => readdirSync('/proc/self/fd').length;
  const round = async () => {
    for await (const one of store.watch({ from: 'oldest' })) if (one) break;
  };
  await round();
  const before = open();
  for (let n = 0; n < 2000; n++) await round();
  await pause(0);
  assert.ok(open() <= before + 8, `${before}, then ${open()}`);
});
