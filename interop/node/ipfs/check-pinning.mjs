// Runs the checks of @ipfs-shipyard/pinning-service-compliance against a service:
//
//   node check-pinning.mjs URL TOKEN
//
// Prints a line per expectation, and at the end `N met, N not met`. The checker reads the API's OpenAPI document from the network; here
// it reads the one that mock-ipfs-pinning-service has, so that it runs without a network. Its own command writes reports into its
// package and answers 0 whatever it finds, so that its checks are called one by one.

import { createRequire, register } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const home = join(peers, 'ipfs', 'package.json');
const modules = join(peers, 'ipfs', 'node_modules');
const checker = join(modules, '@ipfs-shipyard', 'pinning-service-compliance', 'dist', 'src');
const spec = join(dirname(createRequire(home).resolve('mock-ipfs-pinning-service')), 'api', 'oas-doc.yaml');

// The constants with another place of the document, and no reports on the disk.
const hooks = `
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (url.endsWith('/dist/src/utils/constants.js')) {
    const text = loaded.source.toString();
    const changed = text.replace(/const specLocation = .*/, 'const specLocation = ' + JSON.stringify(${JSON.stringify(spec)}));
    if (changed === text) throw new Error('no place of the OpenAPI document in ' + url);
    return { ...loaded, source: changed };
  }
  if (url.endsWith('/dist/src/output/reporting.js')) return { ...loaded, source: 'export const addApiCallToReport = async () => {}; export const writeHeaders = async () => {};' };
  return loaded;
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const [url, token] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(checker, path)).href);
const { ApiCall } = await load('ApiCall.js');
const { getPinTracker } = await load('utils/pinTracker.js');
const checks = await load('checks/index.js');

// Every call keeps what was expected of it.
const calls = [];
const runExpectations = ApiCall.prototype.runExpectations;
ApiCall.prototype.runExpectations = function (fromParent) {
  calls.push(this);
  return runExpectations.call(this, fromParent);
};

const pair = [url, token];
await getPinTracker(pair);
const names = ['checkEmptyBearerToken', 'checkInvalidBearerToken', 'addPin', 'deleteNewPin', 'getAllPins', 'replacePin', 'matchPin', 'testPagination', 'deleteAllPins'];
for (const name of names) await checks[name](pair);

let met = 0, failed = 0;
for (const call of new Set(calls)) {
  // What children found is reported once, by them.
  const own = call.expectationResults.slice(0, call.expectations.length);
  for (const { title, success, error } of own) {
    if (success) met++;
    else failed++;
    console.log(`${success ? 'met    ' : 'NOT MET'} ${call.title}: ${title}${error ? ` (${error.message})` : ''}`);
    if (!success && call.validationErrors) console.log(`        ${call.validationErrors.message}`);
    if (!success && call.text) console.log(`        ${call.text.slice(0, 500)}`);
  }
}
console.log(`${met} met, ${failed} not met`);
process.exit(failed === 0 && met > 0 ? 0 : 1);
