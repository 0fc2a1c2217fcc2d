// The page: fetches a batch, or the batches of a dataset, says whether they are what their CIDs say, and shows their rows.

import { CidError, fetchBlock, fetchDataset, isDatasetCid, resolveName } from './arrowcid.mjs';
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

// What is shown: its fields, the number of its rows, and a function that gives the tables of some of them.
let source = null, first = 0, asking = null;

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
  for (const { name, type, nullable } of source.fields) {
    const cell = element('th', name, isNumber(type) ? 'number' : '');
    cell.scope = 'col';
    cell.append(element('small', nullable ? typeText(type) : `${typeText(type)}, never null`));
    line.append(cell);
  }
  const made = document.createElement('thead');
  made.append(line);
  return made;
}

async function showRows(from) {
  const asked = source;
  const last = Math.min(from + AT_ONCE, asked.numRows);
  const parts = await asked.parts(from, last);
  if (asked !== source) return;
  first = from;
  const body = document.createElement('tbody');
  for (const { table: part, start, begin, end } of parts) {
    const columns = asked.fields.map(({ type }, i) => [part.getChildAt(i), type]);
    for (let i = begin; i < end; i++) {
      const line = document.createElement('tr');
      line.append(element('th', (start + i).toLocaleString('en'), 'number'));
      for (const [column, type] of columns) {
        const value = column.get(i);
        line.append(element('td', textOf(value, type), value === null ? 'null' : isNumber(type) ? 'number' : ''));
      }
      body.append(line);
    }
  }
  table.replaceChildren(head(), body);
  const count = asked.numRows.toLocaleString('en');
  rows.textContent = asked.numRows === 0
    ? 'no rows'
    : `rows ${first.toLocaleString('en')} to ${(last - 1).toLocaleString('en')} of ${count}`;
  back.disabled = first === 0;
  on.disabled = last === asked.numRows;
  shown.hidden = false;
}

async function turn(by) {
  const next = first + by * AT_ONCE;
  if (!source || next < 0 || next >= source.numRows) return;
  const asked = source;
  try {
    await showRows(next);
    table.parentElement.scrollTop = 0;
  } catch (error) {
    if (asked === source) refuse(error, 'the server');
  }
}

function ofBatch(batch) {
  return {
    fields: batch.schema.fields,
    numRows: batch.numRows,
    parts: async (begin, end) => [{ table: batch, start: 0, begin, end }],
  };
}

// The batches of a dataset are fetched and proved when their rows are shown; the last few are kept.
async function ofDataset(dataset, fetchBatch) {
  const KEPT = 4;
  const kept = new Map();
  const starts = [];
  let numRows = 0;
  for (const { rows: count } of dataset.batches) {
    starts.push(numRows);
    numRows += count;
  }
  async function tableOf(index) {
    const found = kept.get(index) ?? globalThis.Arrow.tableFromIPC(await fetchBatch(dataset.batches[index].cid));
    kept.delete(index);
    kept.set(index, found);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return found;
  }
  async function parts(from, to) {
    const found = [];
    for (let i = 0; i < starts.length; i++) {
      const begin = Math.max(from, starts[i]) - starts[i];
      const end = Math.min(to, starts[i] + dataset.batches[i].rows) - starts[i];
      if (begin < end) found.push({ table: await tableOf(i), start: starts[i], begin, end });
    }
    return found;
  }
  return { fields: (await tableOf(0)).schema.fields, numRows, parts };
}

function refuse(error, server) {
  const why = error instanceof CidError
    ? error.message
    : `${server} broke off, cannot be reached, or lets no page ask (${error.message})`;
  shown.hidden = true;
  say('refused', 'Refused:', `${why}. Nothing of it is shown.`);
}

function remember(text, server) {
  const address = new URL(location.href);
  address.search = '';
  address.searchParams.set('cid', text);
  if (server !== location.origin) address.searchParams.set('server', server);
  history.replaceState(null, '', address);
  document.title = `${text.startsWith('@') ? text : `${text.slice(0, 14)}…`} – data by its CID`;
}

async function show() {
  const asked = Object.fromEntries(new FormData(form));
  const text = asked.cid.trim(), server = asked.server.trim();
  asking?.abort();
  const mine = asking = new AbortController();
  shown.hidden = true;
  source = null;
  say('', 'Fetching', `${text} from ${server}`);
  const options = {
    token: asked.token || undefined,
    signal: mine.signal,
    onProgress: (have) => mine === asking && !source && say('', 'Fetching', `${bytesText(have)} so far`),
  };
  try {
    const begun = performance.now();
    const cid = text.startsWith('@') ? await resolveName(server, text.slice(1), options) : text;
    const named = text.startsWith('@') ? [['name', text], ['CID', cid]] : [];
    const isDataset = isDatasetCid(cid);
    const came = isDataset ? await fetchDataset(server, cid, options) : await fetchBlock(server, cid, options);
    const took = performance.now() - begun;
    if (mine !== asking) return;
    remember(text, server);
    const said = [
      ['bytes', (isDataset ? came.bytes : came.length).toLocaleString('en')],
      ['fetched and proved in', `${took.toFixed(0)} ms`],
    ];
    const proof = isDataset
      ? `SHA-256 of the dataset is the digest in ${cid}; each batch is proved when its rows are shown.`
      : `SHA-256 of what came is the digest in ${cid}.`;
    say('verified', 'Verified.', proof, [...named, ...said]);
    try {
      const found = isDataset
        ? await ofDataset(came, (each) => fetchBlock(server, each, { ...options, onProgress: undefined }))
        : ofBatch(globalThis.Arrow.tableFromIPC(came));
      if (mine !== asking) return;
      source = found;
      await showRows(0);
      say('verified', 'Verified.', proof, [...named, ['rows', source.numRows.toLocaleString('en')],
        ['columns', `${source.fields.length}`], ...(isDataset ? [['batches', `${came.batches.length}`]] : []), ...said]);
    } catch (error) {
      if (mine !== asking) return;
      if (error instanceof CidError) throw error;
      shown.hidden = true;
      source = null;
      say('verified', 'Verified,', `and not shown: apache-arrow cannot read it here (${error.message}).`, said);
    }
  } catch (error) {
    if (mine === asking) refuse(error, server);
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
