// A store of a test's own, and the data.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

/** 200,000 flights, one batch, as an Arrow IPC file. */
export const flights = readFileSync(process.env.ARROWCID_FLIGHTS);
