// What @multiformats/multiaddr makes of multiaddrs.
//
//   node check-multiaddrs.mjs LIST
//
// A line of the list is a multiaddr. For each line its text and its bytes in hex are printed, or `refused`.

import { readFileSync } from 'node:fs';
import { load } from './peers.mjs';

const { multiaddr } = await load('@multiformats/multiaddr');

for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  try {
    const address = multiaddr(line);
    console.log(`${address} ${Buffer.from(address.bytes).toString('hex')}`);
  } catch {
    console.log('refused');
  }
}
