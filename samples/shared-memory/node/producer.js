// Puts ten batches of prices into a store: node producer.js [DIRECTORY]

import { tableFromArrays } from 'apache-arrow';
import { open } from 'arrowcid';

const store = open(process.argv[2]);
for (let hour = 0; hour < 10; hour++) {
  const px = Float64Array.from({ length: 100_000 }, (_, row) => 100 + hour + (row % 100) / 100);
  const facts = { producer: 'node', tags: { hour: `${hour}` } };
  const [block] = await store.put(tableFromArrays({ px }), facts);
  console.log(`${block.cid}  ${block.rows} rows  ${block.isNew ? 'new' : 'known'}`);
}
store.close();
