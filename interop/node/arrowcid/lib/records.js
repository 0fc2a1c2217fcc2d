// The structs of arrowcid.h as JavaScript values.

import { call, textOf } from './library.js';

export const CID_BYTES = 36;
export const BLOCK_BYTES = 104;
export const EVENT_BYTES = 136;

export const NAME_BYTES = 304;

const kinds = [undefined, 'batch', 'schema', 'raw', 'view', 'dataset', 'manifest', 'node'];
const eventKinds = [undefined, 'new', 'again', 'gap', 'name'];
const gapReasons = [undefined, 'other-store', 'past-end', 'rewritten', 'gone', 'damaged'];

const cidText = Buffer.alloc(64);

/** A CID's 36 bytes of a text in any base, or of anything that writes itself as one. */
export function parseCid(cid) {
  const binary = Buffer.alloc(CID_BYTES);
  call('cid_parse', `${cid}`.replaceAll('\0', '?'), binary);
  return binary;
}

/** Many CIDs, one behind another. */
export function parseCids(cids) {
  return Buffer.concat(cids.map(parseCid));
}

export function formatCid(binary) {
  call('cid_format', binary, cidText);
  return textOf(cidText);
}

export function readBlock(buffer, offset = 0) {
  const schemaCid = buffer.subarray(offset + CID_BYTES, offset + 2 * CID_BYTES);
  const timeNs = buffer.readBigInt64LE(offset + 88);
  return {
    cid: formatCid(buffer.subarray(offset, offset + CID_BYTES)),
    schemaCid: schemaCid[0] === 0 ? null : formatCid(schemaCid),
    rows: Number(buffer.readBigInt64LE(offset + 72)),
    byteLength: Number(buffer.readBigInt64LE(offset + 80)),
    time: timeNs === 0n ? null : new Date(Number(timeNs / 1_000_000n)),
    kind: kinds[buffer.readInt32LE(offset + 96)] ?? 'other',
    isNew: buffer.readInt16LE(offset + 100) !== 0,
    isRepaired: buffer.readInt16LE(offset + 102) !== 0,
  };
}

export function readBlocks(buffer, count) {
  return Array.from({ length: count }, (_, at) => readBlock(buffer, at * BLOCK_BYTES));
}

/** The CIDs that lie one behind another, as texts. */
export function readCids(buffer, count) {
  return Array.from({ length: count }, (_, at) => formatCid(buffer.subarray(at * CID_BYTES, (at + 1) * CID_BYTES)));
}

export function readNames(buffer, count) {
  return Array.from({ length: count }, (_, at) => {
    const record = buffer.subarray(at * NAME_BYTES, (at + 1) * NAME_BYTES);
    return {
      name: textOf(record.subarray(48)),
      cid: formatCid(record.subarray(0, CID_BYTES)),
      kind: kinds[record.readInt32LE(36)] ?? null,
      time: new Date(Number(record.readBigInt64LE(40) / 1_000_000n)),
    };
  });
}

/** An event; of a change of a name, nameOf gives the name. */
export function readEvent(buffer, nameOf) {
  const kind = eventKinds[buffer.readInt32LE(BLOCK_BYTES)] ?? 'other';
  const lane = buffer.readInt32LE(BLOCK_BYTES + 4);
  if (kind === 'name') {
    const cidAt = from => buffer[from] ? formatCid(buffer.subarray(from, from + CID_BYTES)) : null;
    return { kind, lane, block: null, gap: null, name: nameOf(), cid: cidAt(0), oldCid: cidAt(CID_BYTES) };
  }
  if (kind !== 'gap') return { kind, lane, block: { ...readBlock(buffer), isNew: kind === 'new' }, gap: null };
  const gap = {
    reason: gapReasons[buffer.readInt32LE(BLOCK_BYTES + 8)] ?? 'other',
    first: Number(buffer.readBigInt64LE(BLOCK_BYTES + 16)),
    last: Number(buffer.readBigInt64LE(BLOCK_BYTES + 24)),
  };
  return { kind, lane, block: null, gap };
}
