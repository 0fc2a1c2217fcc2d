// A store of a test's own, and what tests look up of this process.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
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
export const flights = readFileSync(process.env.ARROWCID_FLIGHTS
  ?? new URL('../../../../samples/data/flights-200k.arrow', import.meta.url));

/** The file that is mapped where an array lies. */
export function mappedFile(array) {
  const address = koffi.address(array);
  const line = readFileSync('/proc/self/maps', 'utf8').split('\n').find(text => {
    const [start, end] = text.split(' ', 1)[0].split('-').map(digits => BigInt(`0x${digits || 0}`));
    return start <= address && address < end;
  });
  return line?.trim().split(/\s+/)[5];
}
