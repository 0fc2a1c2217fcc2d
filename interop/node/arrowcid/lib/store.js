import { asBytes, toIpc } from './arrow.js';
import { Dataset } from './dataset.js';
import { ArrowCidError } from './error.js';
import { Lease } from './lease.js';
import { addressesOf, call, callAsync, checkedText, isPresent, readText } from './library.js';
import { BLOCK_BYTES, CID_BYTES, NAME_BYTES, formatCid, parseCid, parseCids, readBlock, readBlocks, readCids, readNames }
  from './records.js';
import { cached } from './memo.js';
import { Watch } from './watch.js';

const OPTION_BYTES = 48;
const durabilities = { none: 1, batch: 2, always: 3 };
const verifications = { trusted: 1, 'first-read': 2, always: 3 };
const retentions = { keep: 0, ring: 1 };
const flags = { readOnly: 1, mustExist: 2, group: 4, copy: 8 };
const optionNames = new Set(['capacity', 'segmentSize', 'timeoutMs', 'durability', 'verify', 'retention',
  ...Object.keys(flags)]);

const collected = new FinalizationRegistry(handle => {
  try {
    call('close', handle);
  } catch {
    // There is no caller to tell.
  }
});

/** Opens a store, and makes it where it is not there. Without a directory: the user's own in shared memory. */
export function open(directory, options) {
  return new Store(directory, options);
}

/** A directory of mapped files that any process opens. */
export class Store {
  #handle;
  #watches = new Set();

  constructor(directory = null, options = {}) {
    const place = new BigInt64Array(1);
    call('open', directory === null ? null : checkedText(directory, 'the directory'), writeOptions(options), place);
    this.#handle = Number(place[0]);
    collected.register(this, this.#handle, this);
  }

  get directory() { return readText('directory', this.#handle); }

  get isClosed() { return this.#handle === 0; }

  [Symbol.for('nodejs.util.inspect.custom')]() {
    return this.isClosed ? 'Store { closed }' : `Store { directory: '${this.directory}' }`;
  }

  async put(data, facts) {
    const ipc = await toIpc(data);
    return counted(BLOCK_BYTES, readBlocks, (place, capacity, count) =>
      callAsync('put_ipc', this.#handle, ipc, ipc.length, factsText(facts), place, capacity, count));
  }

  async putTogether(data, facts) {
    const ipc = await toIpc(data);
    return counted(BLOCK_BYTES, readBlocks, (place, capacity, count) =>
      callAsync('put_ipc_together', this.#handle, ipc, ipc.length, factsText(facts), place, capacity, count));
  }

  putSync(data, facts) {
    const ipc = asBytes(data);
    if (!ipc) throw new TypeError("putSync takes bytes of Arrow IPC alone: tableToIPC(table, 'stream')");
    const count = new BigInt64Array(1);
    for (let capacity = 16; ; capacity = Number(count[0])) {
      const place = Buffer.alloc(capacity * BLOCK_BYTES);
      try {
        call('put_ipc', this.#handle, ipc, ipc.length, factsText(facts), place, capacity, count);
        return readBlocks(place, Number(count[0]));
      } catch (error) {
        if (!isShort(error, count, capacity)) throw error;
      }
    }
  }

  async putRaw(data, facts) {
    const bytes = asBytes(data);
    if (!bytes) throw new TypeError('putRaw takes bytes');
    const place = Buffer.alloc(BLOCK_BYTES);
    await callAsync('put_raw', this.#handle, bytes, bytes.length, factsText(facts), place);
    return readBlock(place);
  }

  putRawMany(blobs, facts) {
    const each = blobs.map(asBytes);
    if (each.some(bytes => !bytes)) throw new TypeError('putRawMany takes an array of bytes');
    const lengths = BigInt64Array.from(each, bytes => BigInt(bytes.length));
    const place = Buffer.alloc(Math.max(1, each.length) * BLOCK_BYTES);
    call('put_raws', this.#handle, addressesOf(each), lengths, each.length, factsText(facts), place);
    return readBlocks(place, each.length);
  }

  putDirectory(files, facts) {
    const texts = Object.fromEntries(Object.entries(files).map(([path, cid]) => [path, `${cid}`]));
    const place = Buffer.alloc(BLOCK_BYTES);
    call('put_directory', this.#handle, JSON.stringify(texts), factsText(facts), place);
    return readBlock(place);
  }

  files(cid) {
    const files = JSON.parse(readText('directory_files', this.#handle, parseCid(cid)));
    return Object.fromEntries(Object.entries(files).map(([path, file]) => [path, file.cid]));
  }

  async putDataset(data, { metadata, madeOf, ...facts } = {}) {
    const cids = Array.isArray(data) ? data : (await this.put(data, { ...facts, name: undefined })).map(({ cid }) => cid);
    const parts = JSON.stringify({ metadata: metadata ?? {}, parents: (madeOf ?? []).map(String) });
    const place = Buffer.alloc(BLOCK_BYTES);
    call('put_dataset', this.#handle, parseCids(cids), cids.length, parts, factsText(facts), place);
    return readBlock(place);
  }

  dataset(nameOrCid) {
    const block = this.find(this.#cidOf(`${nameOrCid}`));
    if (!block) return null;
    if (block.kind === 'dataset') return new Dataset(this, this.#handle, block);
    throw new ArrowCidError('SCHEMA_MISMATCH', `${block.cid} is not a dataset but a ${block.kind}`);
  }

  /** A text that is a CID, or the CID that it names. */
  #cidOf(text) {
    try {
      return formatCid(parseCid(text));
    } catch (error) {
      if (error.code !== 'INVALID_CID') throw error;
      const name = text.startsWith('@') ? text.slice(1) : text;
      const named = this.resolveName(name);
      if (named) return named;
      throw new ArrowCidError('NAME_NOT_FOUND', `there is no name '${name}'`);
    }
  }

  get(cid) {
    const place = new BigInt64Array(1);
    const isThere = isPresent('BLOCK_NOT_FOUND', 'get', this.#handle, parseCid(cid), place);
    return isThere ? new Lease(Number(place[0])) : null;
  }

  getMany(cids) {
    const places = new BigInt64Array(Math.max(1, cids.length));
    call('get_many', this.#handle, parseCids(cids), cids.length, places);
    return cids.map((_, at) => places[at] === 0n ? null : new Lease(Number(places[at])));
  }

  find(cid) {
    const place = Buffer.alloc(BLOCK_BYTES);
    return isPresent('BLOCK_NOT_FOUND', 'find', this.#handle, parseCid(cid), place) ? readBlock(place) : null;
  }

  contains(cids) {
    const found = Buffer.alloc(cids.length);
    call('contains', this.#handle, parseCids(cids), cids.length, found);
    return Array.from(found, byte => byte !== 0);
  }

  has(cid) { return this.contains([cid])[0]; }

  *list(filter = null) {
    const place = new BigInt64Array(1);
    call('list', this.#handle, filter === null ? null : checkedText(filter, 'the filter'), place);
    yield* this.#listed(Number(place[0]), 'list_next', BLOCK_BYTES, readBlocks);
  }

  listAll(filter = null) {
    const text = filter === null ? null : checkedText(filter, 'the filter');
    const count = new BigInt64Array(1);
    for (let capacity = 512; ; capacity = Number(count[0]) + 64) {
      const places = Buffer.alloc(capacity * BLOCK_BYTES);
      try {
        call('list_all', this.#handle, text, places, capacity, count);
        return readBlocks(places, Number(count[0]));
      } catch (error) {
        if (!isShort(error, count, capacity)) throw error;
      }
    }
  }

  datasets(filter = null) { return this.list(filter === null ? 'kind = dataset' : `kind = dataset and (${filter})`); }

  *names() {
    const place = new BigInt64Array(1);
    call('names', this.#handle, place);
    yield* this.#listed(Number(place[0]), 'names_next', NAME_BYTES, readNames);
  }

  *#listed(listing, next, size, read) {
    const capacity = 64;
    const count = new BigInt64Array(1);
    try {
      const places = Buffer.alloc(capacity * size);
      while (call(next, listing, places, capacity, count) && count[0] > 0n) yield* read(places, Number(count[0]));
    } finally {
      call('list_close', listing);
    }
  }

  describe(cid) {
    return JSON.parse(readText('describe', this.#handle, parseCid(cid)));
  }

  setName(name, cid, { expected } = {}) {
    const named = cid === null ? null : parseCid(cid);
    const wanted = expected === undefined || expected === null ? null : parseCid(expected);
    call('set_name', this.#handle, checkedText(name, 'the name'), named, wanted, expected === undefined ? 0 : 1);
  }

  removeName(name, options) { this.setName(name, null, options); }

  resolveName(name) {
    const place = Buffer.alloc(CID_BYTES);
    const isThere = isPresent('NAME_NOT_FOUND', 'resolve_name', this.#handle, checkedText(name, 'the name'), place);
    return isThere ? formatCid(place) : null;
  }

  annotate(cid, facts) {
    const text = factsText(facts);
    if (text !== null) call('annotate', this.#handle, parseCid(cid), text);
  }

  annotateMany(cids, facts) {
    const each = Array.isArray(facts) ? facts : [facts];
    const texts = each.map(said => Buffer.from(`${factsText(said ?? {})}\0`));
    const annotated = new BigInt64Array(1);
    call('annotate_many', this.#handle, parseCids(cids), cids.length, addressesOf(texts), texts.length, annotated);
    return Number(annotated[0]);
  }

  tagMany(cids, tags) { return this.annotateMany(cids, { tags }); }

  touch(cids, expires) {
    const time = expires === null ? -1 : new Date(expires).getTime();
    if (Number.isNaN(time)) throw new TypeError('expires is a Date, a number of milliseconds since 1970, or null');
    call('touch', this.#handle, parseCids(cids), cids.length, time);
  }

  removeWhere(filter, { dryRun = false } = {}) {
    const removal = new BigInt64Array(3);
    call('remove_where', this.#handle, checkedText(filter, 'the filter'), dryRun ? 1 : 0, removal);
    const [removed, kept, byteLength] = Array.from(removal, Number);
    return { removed, kept, byteLength };
  }

  cached(compute, options) { return cached({ store: this, handle: () => this.#handle }, compute, options); }

  pin(cid) { call('pin', this.#handle, parseCid(cid)); }

  unpin(cid) { call('unpin', this.#handle, parseCid(cid)); }

  remove(cids, { force = false } = {}) {
    const removed = new BigInt64Array(1);
    call(force ? 'remove_forced' : 'remove', this.#handle, parseCids(cids), cids.length, removed);
    return Number(removed[0]);
  }

  async verify(cid) { await callAsync('verify', this.#handle, parseCid(cid)); }

  async flush() { await callAsync('flush', this.#handle); }

  watch({ from = 'now', signal } = {}) {
    const place = new BigInt64Array(1);
    call('watch', this.#handle, checkedText(from, 'the cursor'), place);
    return this.#watchOf(place, signal);
  }

  watchNames(pattern = '*', { from = 'now', signal } = {}) {
    const place = new BigInt64Array(1);
    call('watch_names', this.#handle, checkedText(pattern, 'the pattern'), checkedText(from, 'the cursor'), place);
    return this.#watchOf(place, signal);
  }

  #watchOf(place, signal) {
    const watch = new Watch(Number(place[0]), { signal, onClose: ended => this.#watches.delete(ended) });
    this.#watches.add(watch);
    return watch;
  }

  close() {
    if (this.#handle === 0) return;
    for (const watch of this.#watches) watch.close();
    collected.unregister(this);
    const handle = this.#handle;
    this.#handle = 0;
    call('close', handle);
  }
}

if (Symbol.dispose) Store.prototype[Symbol.dispose] = Store.prototype.close;

/** The CID that a batch has in every store, without putting it. */
export async function cid(data) {
  const found = await cids(data);
  if (found.length !== 1) {
    throw new ArrowCidError('INVALID_ARGUMENT', `there are ${found.length} batches, not one; cids() gives all`);
  }
  return found[0];
}

/** The CIDs of all batches. */
export async function cids(data) {
  const ipc = await toIpc(data);
  return counted(CID_BYTES, readCids, (place, capacity, count) =>
    callAsync('cid_of_ipc', ipc, ipc.length, place, capacity, count));
}

/** Proves that bytes are a canonical block, and gives its CID. */
export async function check(data) {
  const bytes = asBytes(data);
  if (!bytes) throw new TypeError('check takes bytes');
  const place = Buffer.alloc(CID_BYTES);
  await callAsync('check', bytes, bytes.length, place);
  return formatCid(place);
}

/** Calls what fills places and says how many it needs, until there are enough. */
async function counted(size, read, fill) {
  const count = new BigInt64Array(1);
  for (let capacity = 16; ; capacity = Number(count[0])) {
    const place = Buffer.alloc(capacity * size);
    try {
      await fill(place, capacity, count);
      return read(place, Number(count[0]));
    } catch (error) {
      if (!isShort(error, count, capacity)) throw error;
    }
  }
}

/** Whether a call failed for want of places alone. */
function isShort(error, count, capacity) {
  return error.code === 'TOO_LARGE' && count[0] > capacity;
}

function factsText(facts) {
  if (facts === undefined || facts === null) return null;
  const { parents, ...others } = facts;
  return JSON.stringify(parents ? { ...others, parents: parents.map(String) } : others);
}

function writeOptions(options) {
  const unknown = Object.keys(options).find(name => !optionNames.has(name));
  if (unknown !== undefined) throw new TypeError(`no option '${unknown}'; there are: ${[...optionNames].join(', ')}`);
  const record = Buffer.alloc(OPTION_BYTES);
  record.writeBigInt64LE(BigInt(OPTION_BYTES), 0);
  record.writeBigInt64LE(BigInt(options.capacity ?? 0), 8);
  record.writeBigInt64LE(BigInt(options.segmentSize ?? 0), 16);
  record.writeBigInt64LE(BigInt(options.timeoutMs ?? 0), 24);
  record.writeInt32LE(choice('durability', durabilities, options), 32);
  record.writeInt32LE(choice('verify', verifications, options), 36);
  record.writeInt32LE(choice('retention', retentions, options), 40);
  const set = Object.entries(flags).filter(([name]) => options[name]).reduce((all, [, bit]) => all | bit, 0);
  record.writeInt32LE(set, 44);
  return record;
}

function choice(name, choices, options) {
  if (options[name] === undefined) return 0;
  if (Object.hasOwn(choices, options[name])) return choices[options[name]];
  throw new TypeError(`${name} is one of ${Object.keys(choices).join(', ')}`);
}
