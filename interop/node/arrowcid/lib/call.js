// Calls: the blocks of dag-cbor that are keys of cached results (src/ArrowCid/Store/Memos/CALLS.md). Nothing here asks
// the library: the same arguments give the same key in every language.

import { createHash } from 'node:crypto';
import { ArrowCidError } from './error.js';

const MAX_BYTES = 1 << 20;
const MAX_NAME_BYTES = 1024;
const MAX_DEPTH = 32;
const MIN_INTEGER = -(1n << 64n);
const MAX_INTEGER = (1n << 64n) - 1n;
const utf8 = new TextEncoder();
const isWellFormed = text => !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);

/** An argument that is a block, by its CID. */
export class Input {
  constructor(bytes) { this.bytes = bytes; }
}

function refuse(name, why) {
  return new ArrowCidError('INVALID_ARGUMENT', `the argument '${name}' ${why}`);
}

/** The head of an item: a major type in the upper three bits, and a number. */
function head(major, number) {
  const value = BigInt(number);
  if (value < 24n) return Buffer.from([major | Number(value)]);
  if (value < 1n << 8n) return Buffer.from([major | 24, Number(value)]);
  const [more, size] = value < 1n << 16n ? [25, 2] : value < 1n << 32n ? [26, 4] : [27, 8];
  const bytes = Buffer.alloc(9);
  bytes.writeBigUInt64BE(value, 1);
  bytes[8 - size] = major | more;
  return bytes.subarray(8 - size);
}

function bytesItem(bytes) { return Buffer.concat([head(0x40, bytes.length), bytes]); }

function textItem(bytes) { return Buffer.concat([head(0x60, bytes.length), bytes]); }

function textOf(name, text) {
  if (!isWellFormed(text)) throw refuse(name, 'is a text with half a surrogate pair');
  return textItem(utf8.encode(text));
}

function nameOf(what, text) {
  const bytes = typeof text === 'string' && isWellFormed(text) ? utf8.encode(text) : [];
  if (bytes.length >= 1 && bytes.length <= MAX_NAME_BYTES) return bytes;
  throw new ArrowCidError('INVALID_ARGUMENT', `${what} is a text of 1 to ${MAX_NAME_BYTES} bytes of UTF-8`);
}

/** A map of encoded values by the bytes of their keys: shorter keys come first. */
function mapItem(pairs) {
  pairs.sort(([one], [other]) => one.length - other.length || Buffer.compare(one, other));
  return Buffer.concat([head(0xa0, pairs.length), ...pairs.flatMap(([key, value]) => [textItem(key), value])]);
}

function integer(name, value) {
  if (value < MIN_INTEGER || value > MAX_INTEGER) throw refuse(name, 'is an integer that does not fit 64 bits');
  return value < 0n ? head(0x20, -1n - value) : head(0, value);
}

function number(name, value) {
  if (!Number.isFinite(value)) throw refuse(name, 'is not a finite number');
  if (Number.isSafeInteger(value)) return integer(name, BigInt(value));
  const bytes = Buffer.alloc(9, 0xfb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** A moment without trailing zeros of its fraction. */
function clock(name, date) {
  if (Number.isNaN(date.getTime())) throw refuse(name, 'is an invalid Date');
  return date.toISOString().replace(/\.?0*Z$/, 'Z');
}

function encode(name, value, depth) {
  if (depth > MAX_DEPTH) throw refuse(name, `is nested over ${MAX_DEPTH} levels deep`);
  if (value === null || value === undefined) return Buffer.from([0xf6]);
  switch (typeof value) {
    case 'boolean': return Buffer.from([value ? 0xf5 : 0xf4]);
    case 'number': return number(name, value);
    case 'bigint': return integer(name, value);
    case 'string': return textOf(name, value);
    case 'object': break;
    default: throw refuse(name, `is a ${typeof value}, which is no data`);
  }
  if (value instanceof Input) throw refuse(name, 'holds a block within a list or object; give it as an argument of its own');
  if (value instanceof Date) return textOf(name, clock(name, value));
  if (ArrayBuffer.isView(value)) return bytesItem(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  if (value instanceof ArrayBuffer) return bytesItem(Buffer.from(value));
  if (Array.isArray(value)) {
    return Buffer.concat([head(0x80, value.length), ...value.map(item => encode(name, item, depth + 1))]);
  }
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype || value instanceof Map;
  if (!isPlain) throw refuse(name, `is a ${prototype.constructor?.name ?? 'foreign object'}, which is no data`);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return mapItem(entries.map(([key, item]) => {
    if (typeof key !== 'string' || !isWellFormed(key)) throw refuse(name, 'has a key that is no text');
    return [utf8.encode(key), encode(name, item, depth + 1)];
  }));
}

/**
 * The block of a call.
 * @param fn the name of the function
 * @param version its version; empty for none
 * @param args the arguments by name, of which an Input is a block
 * @param env variables of the environment on which the result depends
 */
export function callBlock(fn, version = '', args = {}, env = {}) {
  const params = [];
  const inputs = [];
  for (const [name, value] of Object.entries(args)) {
    const key = nameOf('the name of an argument', name);
    if (value instanceof Input) inputs.push([key, bytesItem(value.bytes)]);
    else params.push([key, encode(name, value, 0)]);
  }
  const variables = Object.entries(env).map(([name, value]) =>
    [nameOf('the name of a variable', name), value === null || value === undefined ? Buffer.from([0xf6]) : textOf(name, value)]);
  const block = mapItem(Object.entries({
    v: head(0, 1),
    kind: textItem(utf8.encode('arrowcid/call')),
    fn: textItem(nameOf('the name of a function', fn)),
    version: textItem(version === '' ? new Uint8Array() : nameOf('the version of a function', version)),
    params: mapItem(params),
    inputs: mapItem(inputs),
    env: mapItem(variables),
  }).map(([key, value]) => [utf8.encode(key), value]));
  if (block.length > MAX_BYTES) {
    throw new ArrowCidError('INVALID_ARGUMENT', `the arguments of '${fn}' take ${block.length} bytes, over ${MAX_BYTES}`);
  }
  return block;
}

/** The binary CID of a block of dag-cbor. */
export function keyOf(block) {
  return Buffer.concat([Buffer.from([1, 0x71, 0x12, 0x20]), createHash('sha256').update(block).digest()]);
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** The bytes of a CID in the usual text, of base32; null of another text. */
export function bytesOfCid(text) {
  if (!/^b[a-z2-7]+$/.test(text)) return null;
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const letter of text.slice(1)) {
    held = (held << 5) | alphabet.indexOf(letter);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
    held &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}

/**
 * The key of a call, which every language computes alike; blocks among the arguments come as input(cid).
 */
export function callKey(fn, { version = '', args = {}, env = {} } = {}) {
  return textOfCid(keyOf(callBlock(fn, `${version}`, args, env)));
}

/** A binary CID as text. */
export function textOfCid(bytes) {
  let text = 'b';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
    held &= 31;
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text;
}
