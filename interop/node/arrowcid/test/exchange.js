// Puts the batches of an Arrow IPC file, or reads a block, and says so in a line; the tests hold other languages against it.
//
//   node exchange.js put STORE FILE | read STORE CID COLUMN | hold STORE CID

import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { open } from 'arrowcid';
import { mappedFile } from './mapped.js';

const [verb, directory, what, column] = process.argv.slice(2);
const store = open(directory);
switch (verb) {
  case 'put':
    for (const block of await store.put(tableFromIPC(readFileSync(what)))) console.log(`${block.cid} ${block.isNew}`);
    break;
  // The CID, the sum of a column of int16, and the address of its first value with the file that is mapped there.
  case 'read': {
    const lease = store.get(what);
    const table = tableFromIPC(lease.bytes);
    const at = table.schema.fields.findIndex(field => field.name === column);
    const { values } = table.batches[0].data.children[at];
    console.log(`${lease.cid} ${values.reduce((sum, value) => sum + value, 0)} ${mappedFile(values)}`);
    break;
  }
  // Holds the block until it is killed.
  case 'hold':
    globalThis.lease = store.get(what);
    console.log('held');
    setInterval(() => {}, 1 << 30);
    break;
  default:
    throw new Error('exchange.js put STORE FILE | read STORE CID COLUMN | hold STORE CID');
}
