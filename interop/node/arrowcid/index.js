export { callKey } from './lib/call.js';
export { ArrowCidError } from './lib/error.js';
export { Lease } from './lib/lease.js';
export { input } from './lib/memo.js';
export { Store, check, cid, cids, open } from './lib/store.js';
export { Watch } from './lib/watch.js';
export { hashPath, version } from './lib/library.js';
