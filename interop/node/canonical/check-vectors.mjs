// Computes every CID and fingerprint of interop/vectors/blocks.json: node check-vectors.mjs [FILE]
import { readFile } from 'node:fs/promises';
import { cid, encode, fingerprint } from './canonical.mjs';

const LISTS = new Set(['list', 'large_list', 'map', 'list_view', 'large_list_view', 'fixed_list']);

function valueOf(field, data) {
    const { kind, children } = field;
    if (data === null) return null;
    if (kind === 'union') return [data[0], valueOf(children[field.p.codes.indexOf(data[0])], data[1])];
    if (kind === 'run_end') return valueOf(children[1], data);
    if (kind === 'struct') return data.map((each, i) => valueOf(children[i], each));
    if (LISTS.has(kind)) return data.map(each => valueOf(children[0], each));
    return kind === 'bool' || kind.includes('utf8') ? data : Uint8Array.from(Buffer.from(data, 'hex'));
}

function fieldOf(data) {
    const field = { ...data, children: data.children?.map(fieldOf) };
    field.entries = data.entries?.map(each => valueOf(field, each));
    return field;
}

const file = process.argv[2] ?? new URL('../../vectors/blocks.json', import.meta.url);
const { vectors } = JSON.parse(await readFile(file, 'utf8'));
let wrong = 0;
for (const vector of vectors) {
    const fields = vector.fields.map(fieldOf);
    const columns = fields.map((field, i) => vector.columns[i].map(each => valueOf(field, each)));
    const batch = { fields, columns, rows: vector.rows, metadata: vector.metadata };
    const block = encode(batch);
    const made = await fingerprint(fields, [batch]);
    const all = { cid: await cid(block), bytes: block.length, lfp1: made.fingerprint, columnCids: made.columnCids };
    for (const [what, value] of Object.entries(all)) {
        if (String(value) === String(vector[what])) continue;
        console.log(`${vector.name}: ${what} is ${value}, expected is ${vector[what]}`);
        wrong++;
    }
}
console.log(`javascript: ${vectors.length} vectors, ${wrong} differences`);
process.exitCode = wrong ? 1 : 0;
