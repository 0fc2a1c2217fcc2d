// libarrowcid, found, loaded and declared (arrowcid.h), and how its functions are called.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { ArrowCidError } from './error.js';

const ABI = 1;
const OK = 0;
const NOTHING = -1;
const ERROR_BYTES = 1024;
const NAME = 'libarrowcid.so';

const library = load();

/** ARROWCID_LIBRARY, else the library in this package, else the one built in this repository, else the loader's. */
function load() {
  const named = process.env.ARROWCID_LIBRARY;
  const near = ['../libarrowcid.so', '../../../../.artifacts/native/libarrowcid.so']
    .map(place => fileURLToPath(new URL(place, import.meta.url)));
  const path = named || near.find(existsSync) || NAME;
  let loaded;
  try {
    loaded = koffi.load(path);
  } catch (error) {
    const advice = 'set ARROWCID_LIBRARY to the path of libarrowcid.so';
    throw new ArrowCidError('NO_LIBRARY', `cannot load libarrowcid: ${error.message}; ${advice}`);
  }
  const abi = loaded.func('uint32_t arrowcid_abi()')();
  if (abi !== ABI) {
    throw new ArrowCidError('NO_LIBRARY', `${path} has ABI ${abi}; this package needs ${ABI}`);
  }
  return loaded;
}

// Structs, CIDs, texts and places for results all go as bytes: what a pointer points to is said in arrowcid.h.
const handle = 'int64_t';
const bytes = 'void *';
const text = 'const char *';
const length = 'int64_t';
const number = 'int32_t';

const declared = {
  cid_format: [bytes, bytes],
  cid_parse: [text, bytes],
  open: [text, bytes, bytes],
  close: [handle],
  directory: [handle, bytes, length, bytes],
  flush: [handle],
  put_ipc: [handle, bytes, length, text, bytes, length, bytes],
  put_raw: [handle, bytes, length, text, bytes],
  put_dataset: [handle, bytes, length, text, text, bytes],
  dataset_batches: [handle, bytes, bytes, length, bytes],
  names: [handle, bytes],
  names_next: [handle, bytes, length, bytes],
  get: [handle, bytes, bytes],
  lease_block: [handle, bytes, bytes, bytes],
  release_lease: [handle],
  find: [handle, bytes, bytes],
  contains: [handle, bytes, length, bytes],
  list: [handle, text, bytes],
  list_next: [handle, bytes, length, bytes],
  list_close: [handle],
  describe: [handle, bytes, bytes, length, bytes],
  set_name: [handle, text, bytes, bytes, number],
  resolve_name: [handle, text, bytes],
  annotate: [handle, bytes, text],
  pin: [handle, bytes],
  unpin: [handle, bytes],
  remove: [handle, bytes, length, bytes],
  remove_forced: [handle, bytes, length, bytes],
  put_ipc_together: [handle, bytes, length, text, bytes, length, bytes],
  put_raws: [handle, bytes, bytes, length, text, bytes],
  get_many: [handle, bytes, length, bytes],
  annotate_many: [handle, bytes, length, bytes, length, bytes],
  touch: [handle, bytes, length, 'int64_t'],
  list_all: [handle, text, bytes, length, bytes],
  remove_where: [handle, text, number, bytes],
  put_directory: [handle, text, text, bytes],
  directory_files: [handle, bytes, bytes, length, bytes],
  memo_get: [handle, bytes, length, bytes],
  memo_begin: [handle, bytes, length, 'int64_t', bytes, bytes],
  memo_set: [handle, bytes, 'int64_t', bytes, length, text],
  memo_release: [handle],
  memo_remove: [handle, bytes, length, number, bytes],
  verify: [handle, bytes],
  check: [bytes, length, bytes],
  cid_of_ipc: [bytes, length, bytes, length, bytes],
  watch: [handle, text, bytes],
  watch_names: [handle, text, text, bytes],
  watch_name: [handle, bytes, length, bytes],
  watch_fd: [handle, bytes],
  watch_next: [handle, 'int64_t', bytes],
  watch_cursor: [handle, bytes, length, bytes],
  watch_close: [handle],
};

const functions = Object.fromEntries(Object.entries(declared).map(
  ([name, types]) => [name, library.func(`arrowcid_${name}`, number, [...types, bytes])]));

const errorName = library.func('const char *arrowcid_error_name(int32_t)');

/** The library's version. */
export const version = library.func('const char *arrowcid_version()')();

/** Which of the library's ways to SHA-256 runs on this processor. */
export const hashPath = library.func('const char *arrowcid_hash_path()')();

// One thread calls, so that calls which return at once share a record. Each call that does not has its own.
const shared = Buffer.alloc(ERROR_BYTES);

/** Calls a function; false where there is nothing, and that is no fault. */
export function call(name, ...values) {
  return result(functions[name](...values, shared), shared);
}

// More calls at once than koffi takes would be refused; these wait.
const MOST_AT_ONCE = 64;
const waiting = [];
let running = 0;

/** Calls a function on another thread. What the values point to must stay as it is until then. */
export async function callAsync(name, ...values) {
  if (running === MOST_AT_ONCE) {
    await new Promise(resolve => waiting.push(resolve));
  } else {
    running++;
  }
  try {
    const record = Buffer.alloc(ERROR_BYTES);
    const code = await new Promise((resolve, reject) => {
      functions[name].async(...values, record, (error, code) => error ? reject(error) : resolve(code));
    });
    // Naming the values here keeps their memory alive until the call is over.
    return result(code, record, values);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

function result(code, record) {
  if (code === OK) return true;
  if (code === NOTHING) return false;
  throw new ArrowCidError(errorName(code), textOf(record.subarray(4)));
}

/** Calls a function whose answer may be absence, said by this code: false. */
export function isPresent(absent, name, ...values) {
  try {
    return call(name, ...values);
  } catch (error) {
    if (error.code === absent) return false;
    throw error;
  }
}

/** The addresses of buffers, one behind another. The array keeps the buffers alive. */
export function addressesOf(buffers) {
  const addresses = new BigUint64Array(Math.max(1, buffers.length));
  buffers.forEach((buffer, at) => { addresses[at] = buffer.length === 0 ? 0n : BigInt(koffi.address(buffer)); });
  addresses.buffers = buffers;
  return addresses;
}

/** A text that a function writes into a buffer of ours. */
export function readText(name, ...values) {
  const needed = new BigInt64Array(1);
  for (let buffer = Buffer.alloc(512); ; buffer = Buffer.alloc(Number(needed[0]))) {
    try {
      call(name, ...values, buffer, buffer.length, needed);
      return textOf(buffer);
    } catch (error) {
      if (error.code !== 'TOO_LARGE' || needed[0] <= buffer.length) throw error;
    }
  }
}

/** The text up to a NUL. */
export function textOf(buffer) {
  const end = buffer.indexOf(0);
  return buffer.toString('utf8', 0, end < 0 ? buffer.length : end);
}

/** A text on its way to the library, which would end at a NUL inside it. */
export function checkedText(value, what) {
  if (typeof value !== 'string' || value.includes('\0')) throw new TypeError(`${what} is not a text without NUL`);
  return value;
}
