// Puts a batch, fetches it by its CID from a server that needs not be trusted, and shows its rows.
//
//   node samples/flight/fetch.mjs ADDRESS TOKEN     (after npm install in samples/flight)

import { tableFromArrays } from 'apache-arrow';
import { connect } from 'arrowcid-flight';

const [address, token] = process.argv.slice(2);
const client = connect(address, { token });
const quotes = tableFromArrays({ px: Float64Array.of(101.5, 101.75), qty: BigInt64Array.of(100n, 20n) });
const [ack] = await client.put(quotes, { name: 'quotes' });
const batch = await client.get(ack.cid);
console.log(`${ack.cid}  ${batch.numRows} rows proved`);
const prices = await client.read({ name: 'quotes', columns: ['px'] });
console.log(prices.toArray().map((row) => row.px));
client.close();
