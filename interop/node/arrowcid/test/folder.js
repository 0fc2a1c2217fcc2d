// A store of a test's own, and the data.

import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'arrowcid';

/** Opens a store that is closed and removed after the test. */
export function storeOf(t, options = { capacity: 64 << 20 }) {
  const directory = folderOf(t);
  const store = open(directory, options);
  t.after(() => store.close());
  return store;
}

export function folderOf(t) {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'arrowcid-node-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'store');
}

/** Changes a bit of the stored copy of a block. */
export function damage(directory, block) {
  for (const name of readdirSync(directory).filter(each => each.startsWith('seg-'))) {
    const file = join(directory, name);
    const at = readFileSync(file).indexOf(block);
    if (at < 0) continue;
    const half = block.length >> 1;
    const segment = openSync(file, 'r+');
    writeSync(segment, Uint8Array.of(block[half] ^ 1), 0, 1, at + half);
    closeSync(segment);
    return;
  }
  throw new Error('the block is in no segment');
}

/** 200,000 flights, one batch, as an Arrow IPC file. */
export const flights = readFileSync(process.env.ARROWCID_FLIGHTS);
