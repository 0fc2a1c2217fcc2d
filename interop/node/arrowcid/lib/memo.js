import { AsyncLocalStorage } from 'node:async_hooks';
import { Input, bytesOfCid, callBlock, keyOf, textOfCid } from './call.js';
import { Dataset } from './dataset.js';
import { ArrowCidError } from './error.js';
import { Lease } from './lease.js';
import { call, textOf } from './library.js';
import { CID_BYTES, formatCid, parseCid } from './records.js';

const RESULT_BYTES = 120;
const TOOK_AT = 48;
const FORM_AT = 56;
const MAX_PAUSE = 20;
const spans = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const optionNames = new Set(['ttl', 'version', 'ignore', 'keepIf', 'name', 'env']);

// The calls that are being computed around the code that runs, each with its store: a call within itself would wait for its
// own result for ever.
const computing = new AsyncLocalStorage();

/** A CID as an argument that is a block. */
export function input(cid) { return new Input(bytesOfCid(`${cid}`) ?? parseCid(cid)); }

/** The time that a result is kept, in milliseconds; -1 is the store's default. */
function lifeOf(ttl) {
  if (ttl === undefined || ttl === null) return -1;
  if (typeof ttl === 'number' && ttl >= 0 && ttl < 2 ** 50) return Math.floor(ttl);
  const parts = typeof ttl === 'string' ? [...ttl.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)] : [];
  if (parts.length > 0 && parts.map(([whole]) => whole).join('') === ttl) {
    return Math.floor(parts.reduce((sum, [, count, unit]) => sum + Number(count) * spans[unit], 0));
  }
  throw new TypeError(`ttl is a span such as '7d' or '1h30m', or milliseconds, not ${ttl}`);
}

/** The arguments: leases and datasets are blocks, and count by their CIDs. */
function argumentsOf(given) {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw new TypeError('a cached function takes one object, whose members are its arguments by name');
  }
  return Object.fromEntries(Object.entries(given).map(([name, value]) =>
    [name, value instanceof Lease || value instanceof Dataset ? input(value.cid) : value]));
}

/**
 * Makes a function of one object of arguments a cached one.
 * @param context the store: its methods, and its handle
 */
export function cached(context, compute, options = {}) {
  const unknown = Object.keys(options).find(name => !optionNames.has(name));
  if (unknown !== undefined) throw new TypeError(`no option '${unknown}'; there are: ${[...optionNames].join(', ')}`);
  const { store, handle } = context;
  const { keepIf, ignore = [], env = [] } = options;
  const fn = options.name ?? compute.name;
  const version = options.version === undefined ? '' : `${options.version}`;
  const life = lifeOf(options.ttl);
  callBlock(fn, version); // a name that is not allowed is refused here
  const counts = { hits: 0, misses: 0, savedMs: 0 };

  function blockOf(given, ofVersion = version) {
    const args = argumentsOf(given);
    for (const name of ignore) delete args[name];
    return callBlock(fn, ofVersion, args, Object.fromEntries(env.map(name => [name, process.env[name] ?? null])));
  }

  function load(record) {
    const cid = formatCid(record.subarray(0, CID_BYTES));
    const value = valueOf(store, cid, textOf(record.subarray(FORM_AT)));
    if (value === null) return null;
    counts.hits++;
    counts.savedMs += Number(record.readBigInt64LE(TOOK_AT)) / 1e6;
    return value;
  }

  async function run(given = {}) {
    const block = blockOf(given);
    const record = Buffer.alloc(RESULT_BYTES);
    if (call('memo_get', handle(), block, block.length, record)) return load(record);
    const around = computing.getStore() ?? [];
    const own = `${store.directory}\0${block.toString('latin1')}`;
    if (around.includes(own)) {
      throw new ArrowCidError('INVALID_ARGUMENT', `${fn} calls itself with the same arguments while it computes, and would `
        + 'wait for its own result: change the arguments, or call the function that is not cached');
    }
    const work = new BigInt64Array(1);
    for (let pause = 1; ; pause = Math.min(2 * pause, MAX_PAUSE)) {
      try {
        call('memo_begin', handle(), block, block.length, 0, work, record);
        break;
      } catch (error) {
        if (error.code !== 'BUSY') throw error;
      }
      await new Promise(resolve => setTimeout(resolve, pause));
    }
    if (work[0] === 0n) return load(record);
    let right = Number(work[0]);
    try {
      const value = await computing.run([...around, own], () => compute(given));
      counts.misses++;
      const { cid, created, form } = await put(store, value);
      if (life === 0 || (keepIf && !keepIf(value))) {
        for (const each of created) store.annotate(each, { expires: new Date() });
      } else {
        const ended = right;
        right = 0;
        call('memo_set', ended, parseCid(cid), life, Buffer.concat(created.map(parseCid)), created.length, form);
      }
      return valueOf(store, cid, form);
    } finally {
      if (right !== 0) call('memo_release', right);
    }
  }

  function remove(given, isDry) {
    const args = argumentsOf(given);
    const block = callBlock(fn, '', args);
    const removed = new BigInt64Array(1);
    call('memo_remove', handle(), block, block.length, isDry, removed);
    return Number(removed[0]);
  }

  return Object.assign(run, {
    key: (given = {}) => textOfCid(keyOf(blockOf(given))),
    info: () => ({ ...counts }),
    invalidate: (given = {}) => remove(given, 0),
    count: (given = {}) => remove(given, 1),
  });
}

/** Stores a value: its CID, the blocks that are new, and what it was. */
async function put(store, value) {
  if (value instanceof Lease) return { cid: value.cid, created: [], form: 'batch' };
  if (value instanceof Dataset) return { cid: value.cid, created: [], form: 'table' };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    const put = await store.putRaw(value);
    return { cid: put.cid, created: put.isNew ? [put.cid] : [], form: 'bytes' };
  }
  if (value === null || typeof value !== 'object' || !('schema' in value)) {
    throw new ArrowCidError('INVALID_ARGUMENT', 'a result is a Table or RecordBatch of apache-arrow, a Lease, a Dataset '
      + 'or bytes; others are not stored');
  }
  const puts = await store.put(value);
  const created = puts.filter(put => put.isNew).map(put => put.cid);
  if (puts.length === 1) return { cid: puts[0].cid, created, form: 'table' };
  const whole = await store.putDataset(puts.map(put => put.cid));
  return { cid: whole.cid, created: whole.isNew ? [...created, whole.cid] : created, form: 'table' };
}

/** A stored value: bytes as bytes, a batch as a Lease, several as a Dataset. */
function valueOf(store, cid, form) {
  const block = store.find(cid);
  if (block === null) return null;
  if (block.kind === 'dataset') return store.dataset(cid);
  const lease = store.get(cid);
  if (lease === null || (form !== 'bytes' && block.kind === 'batch')) return lease;
  const bytes = Uint8Array.from(lease.bytes);
  lease.release();
  return bytes;
}
