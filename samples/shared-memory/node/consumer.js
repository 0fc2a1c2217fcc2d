// Reads ten batches of prices where they lie, as they come: node consumer.js [DIRECTORY]

import { tableFromIPC } from 'apache-arrow';
import { open } from 'arrowcid';

const store = open(process.argv[2]);
let heard = 0;
for await (const { block } of store.watch({ from: 'oldest' })) {
  // Nothing where word of a batch was missed, or where it was removed since.
  const lease = block && store.get(block.cid);
  if (lease) {
    const px = tableFromIPC(lease.bytes).batches[0].data.children[0].values; // a Float64Array over the mapping
    const mean = px.reduce((sum, value) => sum + value, 0) / px.length;
    console.log(`${block.cid}  ${px.length} rows  mean ${mean.toFixed(3)}`);
    lease.release();
  }
  if (++heard === 10) break;
}
store.close();
