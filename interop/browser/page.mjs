// The page: fetches the batch, says whether it is what its CID says, and shows its first rows.

import { fetchBlock } from './arrowcid.mjs';
import { tableFromIPC } from 'apache-arrow';

const ROWS = 20;
const form = document.querySelector('form');
const output = document.querySelector('output');
const shown = document.querySelector('table');

function row(tag, values) {
  const line = document.createElement('tr');
  for (const value of values) {
    const cell = document.createElement(tag);
    // Text alone: what is in a batch is never taken for markup.
    cell.textContent = String(value);
    line.append(cell);
  }
  return line;
}

async function show() {
  const { server, cid } = Object.fromEntries(new FormData(form));
  shown.replaceChildren();
  output.className = '';
  output.textContent = 'fetching…';
  try {
    const bytes = await fetchBlock(server, cid.trim());
    const table = tableFromIPC(bytes);
    output.className = 'verified';
    output.textContent = `Verified: these ${bytes.length} bytes hash to ${cid}. ${table.numRows} rows.`;
    const names = table.schema.fields.map((field) => field.name);
    shown.append(row('th', names));
    for (let i = 0; i < Math.min(ROWS, table.numRows); i++) {
      const values = table.get(i);
      shown.append(row('td', names.map((name) => values[name])));
    }
  } catch (error) {
    output.className = 'refused';
    output.textContent = `Not shown: ${error.message}`;
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  show();
});

const asked = new URLSearchParams(location.search);
for (const name of ['server', 'cid']) if (asked.has(name)) form.elements[name].value = asked.get(name);
if (asked.has('cid')) show();
