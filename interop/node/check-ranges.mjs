// Reads a Parquet file over HTTP by ranges with hyparquet: node check-ranges.mjs URL TOKEN. Prints the number of
// rows, the sum of the column n, and `part` if less than half of the file was fetched.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const require = createRequire(join(peers, 'node', 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { asyncBufferFromUrl, parquetReadObjects } = await load('hyparquet');
const { compressors } = await load('hyparquet-compressors');

const [url, token] = process.argv.slice(2);
let fetched = 0;
const file = await asyncBufferFromUrl({
  url,
  requestInit: { headers: { authorization: `Bearer ${token}` } },
  fetch: async (...request) => {
    const answer = await fetch(...request);
    if (request[1]?.method !== 'HEAD') {
      if (answer.status !== 206) throw new Error(`${answer.status}`);
      fetched += Number(answer.headers.get('content-length'));
    }
    return answer;
  },
});
const rows = await parquetReadObjects({ file, columns: ['n'], compressors });
const sum = rows.reduce((all, row) => all + row.n, 0n);
console.log(`${rows.length} ${sum} ${fetched < file.byteLength / 2 ? 'part' : 'all'}`);
