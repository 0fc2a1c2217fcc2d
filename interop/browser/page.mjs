// The page: fetches the batch, says whether it is what its CID says, and shows its rows.

import { CidError, fetchBlock } from './arrowcid.mjs';
import { isNumber, textOf, typeText } from './values.mjs';

const AT_ONCE = 50;
const form = document.querySelector('form');
const output = document.querySelector('output');
const [word, sentence, facts] = output.children;
const shown = document.querySelector('main');
const table = document.querySelector('table');
const rows = document.querySelector('#rows');
const back = document.querySelector('#back');
const on = document.querySelector('#on');

let batch = null, first = 0, asking = null;

function element(tag, text, kind) {
  const made = document.createElement(tag);
  // Text alone: what is in a batch is never taken for markup.
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function say(kind, title, text, more = []) {
  output.hidden = false;
  output.className = kind;
  word.textContent = title;
  sentence.textContent = text;
  facts.replaceChildren(...more.map(([name, value]) => {
    const pair = document.createElement('div');
    pair.append(element('dt', name), element('dd', value));
    return pair;
  }));
}

function bytesText(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const megabytes = bytes / (1 << 20);
  return megabytes < 1 ? `${(bytes / 1024).toFixed(1)} KiB` : `${megabytes.toFixed(1)} MiB`;
}

function head() {
  const line = document.createElement('tr');
  line.append(element('th', '#', 'number'));
  for (const { name, type, nullable } of batch.schema.fields) {
    const cell = element('th', name, isNumber(type) ? 'number' : '');
    cell.scope = 'col';
    cell.append(element('small', nullable ? typeText(type) : `${typeText(type)}, never null`));
    line.append(cell);
  }
  const made = document.createElement('thead');
  made.append(line);
  return made;
}

function showRows() {
  const last = Math.min(first + AT_ONCE, batch.numRows);
  const body = document.createElement('tbody');
  const columns = batch.schema.fields.map(({ type }, i) => [batch.getChildAt(i), type]);
  for (let i = first; i < last; i++) {
    const line = document.createElement('tr');
    line.append(element('th', i.toLocaleString('en'), 'number'));
    for (const [column, type] of columns) {
      const value = column.get(i);
      line.append(element('td', textOf(value, type), value === null ? 'null' : isNumber(type) ? 'number' : ''));
    }
    body.append(line);
  }
  table.replaceChildren(head(), body);
  const count = batch.numRows.toLocaleString('en');
  rows.textContent = batch.numRows === 0
    ? 'no rows'
    : `rows ${first.toLocaleString('en')} to ${(last - 1).toLocaleString('en')} of ${count}`;
  back.disabled = first === 0;
  on.disabled = last === batch.numRows;
  shown.hidden = false;
}

function turn(by) {
  const next = first + by * AT_ONCE;
  if (!batch || next < 0 || next >= batch.numRows) return;
  first = next;
  showRows();
  table.parentElement.scrollTop = 0;
}

function remember(cid, server) {
  const address = new URL(location.href);
  address.search = '';
  address.searchParams.set('cid', cid);
  if (server !== location.origin) address.searchParams.set('server', server);
  history.replaceState(null, '', address);
  document.title = `${cid.slice(0, 14)}… – a batch by its CID`;
}

async function show() {
  const asked = Object.fromEntries(new FormData(form));
  const cid = asked.cid.trim(), server = asked.server.trim();
  asking?.abort();
  const mine = asking = new AbortController();
  shown.hidden = true;
  batch = null;
  say('', 'Fetching', `${cid} from ${server}`);
  try {
    const begun = performance.now();
    const bytes = await fetchBlock(server, cid, {
      token: asked.token || undefined,
      signal: mine.signal,
      onProgress: (have) => mine === asking && say('', 'Fetching', `${bytesText(have)} so far`),
    });
    const took = performance.now() - begun;
    if (mine !== asking) return;
    remember(cid, server);
    const said = [
      ['bytes', bytes.length.toLocaleString('en')],
      ['fetched and proved in', `${took.toFixed(0)} ms`],
    ];
    say('verified', 'Verified.', `SHA-256 of what came is the digest in ${cid}.`, said);
    try {
      batch = globalThis.Arrow.tableFromIPC(bytes);
      first = 0;
      showRows();
      say('verified', 'Verified.', sentence.textContent,
        [['rows', batch.numRows.toLocaleString('en')], ['columns', `${batch.numCols}`], ...said]);
    } catch (error) {
      shown.hidden = true;
      batch = null;
      say('verified', 'Verified,', `and not shown: apache-arrow cannot read it here (${error.message}).`, said);
    }
  } catch (error) {
    if (mine !== asking) return;
    const why = error instanceof CidError
      ? error.message
      : `${server} broke off, cannot be reached, or lets no page ask (${error.message})`;
    say('refused', 'Refused:', `${why}. Nothing of it is shown.`);
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  show();
});
back.addEventListener('click', () => turn(-1));
on.addEventListener('click', () => turn(1));
document.addEventListener('keydown', (event) => {
  if (event.target.matches('input') || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === ',') turn(-1);
  else if (event.key === '.') turn(1);
  else if (event.key === '/') form.elements.cid.focus();
  else return;
  event.preventDefault();
});

const address = new URLSearchParams(location.search);
form.elements.server.value = address.get('server') ?? location.origin;
form.elements.cid.value = address.get('cid') ?? '';
if (address.has('cid')) show();
