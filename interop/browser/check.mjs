// The module under Node.js: node check.mjs URL CID. Prints the block's CID as found, and what is refused.

import { cidOf, fetchBlock, parseCid } from './arrowcid.mjs';

const [url, cid] = process.argv.slice(2);
const bytes = await fetchBlock(url, cid);
console.log('verified', await cidOf(bytes), bytes.length);

const real = globalThis.fetch;
globalThis.fetch = async (...asked) => {
  const answer = await real(...asked);
  const changed = new Uint8Array(await answer.arrayBuffer());
  changed[changed.length >> 1] ^= 1;
  return new Response(changed, { status: answer.status });
};
for (const [name, way] of Object.entries({
  hash: () => fetchBlock(url, cid),
  size: () => fetchBlock(url, cid, { maxBytes: 10 }),
  cid: () => parseCid(cid.replace('b', 'z')),
})) {
  try {
    await way();
    console.log('taken', name);
  } catch (error) {
    console.log('refused', error.code);
  }
}
