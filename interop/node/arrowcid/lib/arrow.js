// What may be put, as the bytes of an Arrow IPC stream.

import { createRequire } from 'node:module';
import { ArrowCidError } from './error.js';

const ways = [() => import('apache-arrow'), () => createRequire(import.meta.url)('apache-arrow')];

/** The apache-arrow that this package sees. */
export async function loadArrow() {
  const arrow = await attempt(ways[0]);
  if (arrow) return arrow;
  throw new TypeError('this needs the package apache-arrow, which is not installed');
}

/** The bytes themselves, or those that apache-arrow writes of a Table or RecordBatch, or of several of one schema. */
export async function toIpc(data) {
  const bytes = asBytes(data);
  if (bytes) return bytes;
  for (const load of ways) {
    const arrow = await attempt(load);
    if (arrow && Array.isArray(data) && data.length > 0) {
      const batches = batchesOf(arrow, data);
      if (batches) return arrow.tableToIPC(new arrow.Table(batches), 'stream');
    }
    if (arrow && data instanceof arrow.Table) return arrow.tableToIPC(data, 'stream');
    if (arrow && data instanceof arrow.RecordBatch) return arrow.tableToIPC(new arrow.Table([data]), 'stream');
  }
  throw new TypeError('not bytes of Arrow IPC, nor a Table or RecordBatch, or an array of them, of the apache-arrow that this package '
    + 'sees; '
    + "pass tableToIPC(table, 'stream')");
}

/** The batches of Tables and RecordBatches, which have one schema; null where something else is among them. */
function batchesOf(arrow, data) {
  if (!data.every(each => each instanceof arrow.Table || each instanceof arrow.RecordBatch)) return null;
  const first = data[0].schema;
  const isSame = each => arrow.util.compareSchemas(each.schema, first);
  if (!data.every(isSame)) {
    throw new ArrowCidError('SCHEMA_MISMATCH', `item ${data.findIndex(each => !isSame(each))} has another schema than item 0`);
  }
  return data.flatMap(each => each instanceof arrow.Table ? each.batches : [each]);
}

/** The bytes of a buffer or an array over one; undefined where it is none. */
export function asBytes(data) {
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return data instanceof ArrayBuffer ? Buffer.from(data) : undefined;
}

async function attempt(load) {
  try {
    return await load();
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
