// The server's store, where it is on this machine.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/**
 * Opens the store that a server names by its action `where`.
 * @param place the action's answer
 * @returns the store, or null where it is not on this machine or cannot be opened
 */
export async function openLocal(place) {
  try {
    if (!place.proof || proofOf(place) !== place.proof) return null;
    const { open } = await import('arrowcid');
    const store = open(place.directory, { readOnly: true, mustExist: true, verify: 'first-read' });
    if (proofOf(place) === place.proof) return store;
    store.close();
    return null;
  } catch {
    // The package is not installed, or its library or the store cannot be opened: the network remains.
    return null;
  }
}

/** What the server proves its store by (FLIGHT.md, `where`), as it is seen from here. */
function proofOf({ directory, store }) {
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
  const { dev, ino } = fs.statSync(path.join(directory, 'ctl.v1'), { bigint: true });
  // As glibc splits a device number.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return createHash('sha256').update(`arrowcid ${boot} ${store.toLowerCase()} ${major}:${minor} ${ino}`).digest('hex');
}
