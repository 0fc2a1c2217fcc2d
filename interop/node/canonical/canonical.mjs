// Encoder of the ArrowCid canonical block, version 1, and of the logical fingerprint lfp1, in JavaScript without
// dependencies: for Node.js and browsers. Written from src/ArrowCid/Ipc/Canonical/canonical-block.md and
// src/ArrowCid/Ipc/Fingerprints/lfp1.md alone.
//
// A field is {name, kind, p, nullable, children, index, entries, metadata} as in interop/vectors/blocks.json. A column is
// an array of values: null, a Uint8Array for every fixed width (little-endian) and for binary, a string, a boolean, an
// array for lists, maps (of [key, value]), structs (in the order of the fields) and fixed-size lists, and [code, value] for
// unions. Dictionaries and runs are given by the values that they lead to.

const KINDS = {
    null: [1, []], int: [2, ['bits:i', 'signed:b']], float: [3, ['precision:h']], binary: [4, []], utf8: [5, []],
    bool: [6, []], decimal: [7, ['precision:i', 'scale:i', 'bits:i']], date: [8, ['unit:h']],
    time: [9, ['unit:h', 'bits:i']], timestamp: [10, ['unit:h']], interval: [11, ['unit:h']], list: [12, []],
    struct: [13, []], union: [14, ['mode:h']], fixed_binary: [15, ['width:i']], fixed_list: [16, ['size:i']],
    map: [17, ['sorted:b']], duration: [18, ['unit:h']], large_binary: [19, []], large_utf8: [20, []],
    large_list: [21, []], run_end: [22, []], binary_view: [23, []], utf8_view: [24, []], list_view: [25, []],
    large_list_view: [26, []],
};
const LISTS = new Set(['list', 'large_list', 'map', 'list_view', 'large_list_view']);
const BYTES = new Set(['utf8', 'large_utf8', 'utf8_view', 'binary', 'large_binary', 'binary_view']);
const FOLDED = {
    large_binary: 'binary', binary_view: 'binary', large_utf8: 'utf8', utf8_view: 'utf8', large_list: 'list',
    list_view: 'list', large_list_view: 'list',
};
const SIZE = { b: 1, h: 2, i: 4, q: 8, o: 4 };
const HIDDEN = Symbol('hidden');
const MAX_DEPTH = 32;
const utf8 = new TextEncoder();

/** Bytes that grow. */
class Bytes {
    constructor() {
        this.raw = new Uint8Array(256);
        this.view = new DataView(this.raw.buffer);
        this.length = 0;
    }

    grow(count) {
        const at = this.length;
        this.length += count;
        if (this.length > this.raw.length) {
            const wider = new Uint8Array(Math.max(this.length, 2 * this.raw.length));
            wider.set(this.raw);
            this.raw = wider;
            this.view = new DataView(wider.buffer);
        }
        return at;
    }

    add(bytes) {
        // The bytes grow before they are written: grow may replace the array.
        const at = this.grow(bytes.length);
        this.raw.set(bytes, at);
        return this;
    }

    put(at, kind, value) {
        if (kind === 'b') this.view.setUint8(at, value);
        else if (kind === 'h') this.view.setInt16(at, value, true);
        else if (kind === 'q') this.view.setBigInt64(at, BigInt(value), true);
        else this.view.setInt32(at, value, true);
    }

    scalar(kind, value) {
        const at = this.grow(SIZE[kind]);
        this.put(at, kind, value);
        return this;
    }

    pad(to, ahead = 0) {
        this.grow((to - (this.length + ahead) % to) % to);
    }

    take() {
        return this.raw.slice(0, this.length);
    }
}

// ---------------------------------------------------------------- FlatBuffers, front to back

/** A table of [slot, kind, value]; the value of a reference writes its object and returns its position. */
const table = (...fields) => out => {
    fields = fields.filter(each => each);
    let cursor = 4, last = -1;
    const at = {};
    for (const [slot, kind] of fields) {
        cursor = Math.ceil(cursor / SIZE[kind]) * SIZE[kind];
        at[slot] = cursor;
        cursor += SIZE[kind];
        last = slot;
    }
    const size = 4 + 2 * (last + 1);
    out.pad(8, size);
    out.scalar('h', size).scalar('h', cursor);
    for (let slot = 0; slot <= last; slot++) out.scalar('h', at[slot] ?? 0);
    const here = out.length;
    out.grow(cursor);
    out.put(here, 'i', size);
    for (const [slot, kind, value] of fields) if (kind !== 'o') out.put(here + at[slot], kind, value);
    for (const [slot, kind, value] of fields) {
        if (kind === 'o') out.put(here + at[slot], 'i', value(out) - here - at[slot]);
    }
    return here;
};

const text = value => out => {
    const raw = utf8.encode(value);
    out.pad(4);
    const here = out.length;
    out.scalar('i', raw.length).add(raw).scalar('b', 0);
    return here;
};

const tables = items => out => {
    out.pad(4);
    const here = out.length;
    out.scalar('i', items.length).grow(4 * items.length);
    items.forEach((item, i) => {
        const slot = here + 4 + 4 * i;
        out.put(slot, 'i', item(out) - slot);
    });
    return here;
};

const numbers = (count, kind, values) => out => {
    out.pad(kind === 'q' ? 8 : 4, kind === 'q' ? 4 : 0);
    const here = out.length;
    out.scalar('i', count);
    for (const value of values) out.scalar(kind, value);
    return here;
};

// ---------------------------------------------------------------- schema

function order(a, b) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
    return a.length - b.length;
}

function keyValues(pairs, slot) {
    if (!pairs?.length) return null;
    const sorted = [...pairs].sort((a, b) => order(utf8.encode(a[0]), utf8.encode(b[0])));
    return [slot, 'o', tables(sorted.map(([key, value]) => table([0, 'o', text(key)], [1, 'o', text(value ?? '')])))];
}

/** The children of a field under their canonical names. */
function canonicalChildren(field) {
    const named = (child, name, nullable = child.nullable, own = true) => ({
        ...child, name, nullable,
        metadata: own ? child.metadata : child.metadata?.filter(each => each[0].startsWith('ARROW:extension:')),
    });
    const children = field.children ?? [];
    if (field.kind === 'map') {
        const entries = named(children[0], 'entries', false, false);
        const [key, value] = entries.children;
        return [{ ...entries, children: [named(key, 'key', false), named(value, 'value')] }];
    }
    if (field.kind === 'run_end') {
        return [named(children[0], 'run_ends', false, false), named(children[1], 'values', true, false)];
    }
    return LISTS.has(field.kind) || field.kind === 'fixed_list' ? [named(children[0], 'item')] : children;
}

function fieldTable(field, ids, depth = 1) {
    if (depth > MAX_DEPTH) throw new RangeError(`field '${field.name}' is nested deeper than ${MAX_DEPTH}`);
    const [tag, slots] = KINDS[field.kind];
    const parameters = slots.map((slot, i) => [i, slot.at(-1), Number(field.p[slot.slice(0, -2)])]);
    if (field.kind === 'timestamp' && field.p.zone) parameters.push([1, 'o', text(field.p.zone)]);
    if (field.kind === 'union') parameters.push([1, 'o', numbers(field.p.codes.length, 'i', field.p.codes)]);
    let encoding = null;
    if (field.index) {
        const index = table([0, 'i', field.index.bits], [1, 'b', Number(field.index.signed)]);
        encoding = [4, 'o', table([0, 'q', ids.next++], [1, 'o', index], [2, 'b', Number(field.index.ordered)],
            [3, 'h', 0])];
    }
    const children = canonicalChildren(field).map(child => fieldTable(child, ids, depth + 1));
    const metadata = field.metadata?.filter(each => each[0] !== 'ARROW:extension:metadata' || each[1]);
    return table([0, 'o', text(field.name)], [1, 'b', Number(field.nullable)], [2, 'b', tag],
        [3, 'o', table(...parameters)], encoding, [5, 'o', tables(children)], keyValues(metadata, 6));
}

// ---------------------------------------------------------------- columns

function widthOf({ kind, p }) {
    if (kind === 'int' || kind === 'decimal' || kind === 'time') return p.bits / 8;
    if (kind === 'float') return 2 << p.precision;
    if (kind === 'date' || kind === 'interval') return 4 << p.unit;
    return kind === 'fixed_binary' ? p.width : 8;
}

/** A float with every NaN made the quiet one. */
function quiet(raw) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const size = raw.length;
    const isNaN = size === 2 ? (view.getUint16(0, true) & 0x7fff) > 0x7c00
        : size === 4 ? (view.getUint32(0, true) & 0x7fffffff) > 0x7f800000
            : (view.getBigUint64(0, true) & 0x7fffffffffffffffn) > 0x7ff0000000000000n;
    if (!isNaN) return raw;
    const made = new Uint8Array(size);
    made.set(size === 2 ? [0x00, 0x7e] : size === 4 ? [0xc0, 0x7f] : [0xf8, 0x7f], size === 2 ? 0 : size - 2);
    return made;
}

function hex(raw) {
    let out = '';
    for (const byte of raw) out += byte.toString(16).padStart(2, '0');
    return out;
}

/** What makes one value equal to another, as text. */
function keyOf(field, value) {
    const gone = value === HIDDEN || value === null;
    if (field.index || (field.kind !== 'union' && field.kind !== 'run_end')) {
        if (gone || field.kind === 'null') return '-';
        if (field.kind === 'float') return hex(quiet(value));
        if (typeof value === 'string') return JSON.stringify(value);
        if (typeof value === 'boolean') return String(value);
        if (value instanceof Uint8Array) return hex(value);
        if (field.kind === 'struct') return `{${value.map((each, i) => keyOf(field.children[i], each)).join()}}`;
        const item = field.kind === 'map' ? { ...field.children[0], index: undefined } : field.children[0];
        return `[${value.map(each => keyOf(item, each)).join()}]`;
    }
    if (field.kind === 'run_end') return keyOf(field.children[1], value);
    const [code, inner] = gone ? [field.p.codes[0], HIDDEN] : value;
    return `${code}:${keyOf(field.children[field.p.codes.indexOf(code)], inner)}`;
}

const rawOf = value => typeof value === 'string' ? utf8.encode(value) : value;

/** What one RecordBatch message holds: nodes, buffers and variadic counts, in pre-order. */
class Body {
    constructor(dictionaries, ids) {
        Object.assign(this, { nodes: [], buffers: [], variadic: [], dictionaries, ids });
    }

    column(field, values) {
        const { kind, index } = field;
        if (!index && kind === 'null') return void this.nodes.push(values.length, values.length);
        if (!index && kind === 'union') return this.union(field, values);
        if (!index && kind === 'run_end') return this.runs(field, values);
        const valid = values.map(value => value !== null && value !== HIDDEN);
        if (!field.nullable && values.includes(null)) {
            throw new RangeError(`field '${field.name}' is not nullable and holds a null`);
        }
        const nulls = valid.reduce((sum, flag) => sum + !flag, 0);
        this.nodes.push(values.length, nulls);
        this.bits(nulls ? valid : []);
        if (index) return this.dictionary(field, values, valid);
        if (kind === 'bool') return this.bits(values.map((value, i) => valid[i] && value));
        if (BYTES.has(kind)) {
            const parts = values.map((value, i) => valid[i] ? rawOf(value) : new Uint8Array());
            if (kind.endsWith('view')) return this.views(parts);
            this.offsets(parts.map(part => part.length), kind.startsWith('large'));
            const data = new Bytes();
            for (const part of parts) data.add(part);
            this.buffers.push(data.take());
        } else if (LISTS.has(kind)) {
            const lists = values.map((value, i) => valid[i] ? value : []);
            const sizes = lists.map(list => list.length);
            if (kind.endsWith('view')) {
                let at = 0;
                this.numbers(sizes.map(size => (at += size) - size), kind.startsWith('large'));
                this.numbers(sizes, kind.startsWith('large'));
            } else this.offsets(sizes, kind.startsWith('large'));
            this.column(canonicalChildren(field)[0], lists.flat(1));
        } else if (kind === 'fixed_list') {
            const hidden = Array(field.p.size).fill(HIDDEN);
            this.column(canonicalChildren(field)[0], values.flatMap((value, i) => valid[i] ? value : hidden));
        } else if (kind === 'struct') {
            field.children.forEach((child, j) =>
                this.column(child, values.map((value, i) => valid[i] ? value[j] : HIDDEN)));
        } else {
            const data = new Bytes(), zero = new Uint8Array(widthOf(field));
            values.forEach((value, i) => data.add(!valid[i] ? zero : kind === 'float' ? quiet(value) : value));
            this.buffers.push(data.take());
        }
    }

    bits(flags) {
        const out = new Uint8Array((flags.length + 7) >> 3);
        flags.forEach((flag, i) => { if (flag) out[i >> 3] |= 1 << (i & 7); });
        this.buffers.push(out);
    }

    numbers(values, isLarge) {
        const out = new Bytes();
        for (const value of values) out.scalar(isLarge ? 'q' : 'i', value);
        this.buffers.push(out.take());
    }

    offsets(sizes, isLarge) {
        let end = 0;
        this.numbers([0, ...sizes.map(size => end += size)], isLarge);
        if (!isLarge && end > 0x7fffffff) throw new RangeError('a buffer or child is over 2^31 - 1');
    }

    views(parts) {
        const slots = new Bytes(), data = new Bytes();
        for (const part of parts) {
            const at = slots.grow(16);
            slots.put(at, 'i', part.length);
            slots.raw.set(part.subarray(0, part.length > 12 ? 4 : 12), at + 4);
            if (part.length <= 12) continue;
            slots.put(at + 12, 'i', data.length);
            data.add(part);
        }
        this.buffers.push(slots.take());
        this.variadic.push(data.length ? 1 : 0);
        if (data.length) this.buffers.push(data.take());
    }

    union(field, values) {
        const { codes, mode } = field.p;
        const pairs = values.map(value => value === null || value === HIDDEN ? [codes[0], HIDDEN] : value);
        this.nodes.push(values.length, 0);
        this.buffers.push(Uint8Array.from(pairs, ([code]) => code));
        if (mode === 0) {
            field.children.forEach((child, i) =>
                this.column(child, pairs.map(([code, value]) => code === codes[i] ? value : HIDDEN)));
            return;
        }
        const seen = new Map(codes.map(code => [code, 0]));
        this.numbers(pairs.map(([code]) => {
            const at = seen.get(code);
            seen.set(code, at + 1);
            return at;
        }), false);
        field.children.forEach((child, i) =>
            this.column(child, pairs.filter(([code]) => code === codes[i]).map(([, value]) => value)));
    }

    runs(field, values) {
        const [endsField, valuesField] = canonicalChildren(field);
        const ends = [], kept = [];
        let last;
        values.forEach((value, i) => {
            const key = keyOf(valuesField, value);
            if (key === last) return;
            if (kept.length) ends.push(i);
            kept.push(value);
            last = key;
        });
        if (values.length) ends.push(values.length);
        this.nodes.push(values.length, 0);
        this.column(endsField, ends.map(end => integer(end, widthOf(endsField))));
        this.column(valuesField, kept);
    }

    dictionary(field, values, valid) {
        const number = this.ids.next++;
        const plain = { ...field, index: undefined, entries: undefined, nullable: true, metadata: [] };
        const place = new Map(), entries = [];
        for (const entry of field.index.ordered ? field.entries : values.filter((_, i) => valid[i])) {
            const key = keyOf(plain, entry);
            if (entry === null || place.has(key)) continue;
            place.set(key, entries.length);
            entries.push(entry);
        }
        const data = new Bytes();
        values.forEach((value, i) =>
            data.add(integer(valid[i] ? place.get(keyOf(plain, value)) : 0, field.index.bits / 8)));
        this.buffers.push(data.take());
        const inner = new Body(this.dictionaries, this.ids);
        inner.column(plain, entries);
        this.dictionaries.push([number, entries.length, inner]);
    }
}

function integer(value, size) {
    const raw = new Uint8Array(size);
    for (let i = 0, rest = value; i < size; i++, rest = Math.floor(rest / 256)) raw[i] = rest % 256;
    return raw;
}

// ---------------------------------------------------------------- messages and blocks

function recordBatch(body, rows) {
    const layout = [], raw = new Bytes();
    for (const buffer of body.buffers) {
        layout.push(raw.length, buffer.length);
        raw.add(buffer);
        raw.pad(64);
    }
    return [table([0, 'q', rows], [1, 'o', numbers(body.nodes.length / 2, 'q', body.nodes)],
        [2, 'o', numbers(layout.length / 2, 'q', layout)],
        body.variadic.length ? [4, 'o', numbers(body.variadic.length, 'q', body.variadic)] : null), raw.take()];
}

function message(out, tag, header, body = new Uint8Array()) {
    const meta = new Bytes();
    meta.grow(4);
    meta.put(0, 'i', table([0, 'h', 4], [1, 'b', tag], [2, 'o', header], [3, 'q', body.length])(meta));
    meta.pad(64, 8);
    out.scalar('i', -1).scalar('i', meta.length).add(meta.take()).add(body);
}

/** The canonical block of a batch, as a Uint8Array. */
export function encode({ fields, columns, rows, metadata = [] }) {
    const ids = { next: 0 }, dictionaries = [], out = new Bytes();
    message(out, 1, table([0, 'h', 0], [1, 'o', tables(fields.map(field => fieldTable(field, ids)))],
        keyValues(metadata, 2)));
    const body = new Body(dictionaries, { next: 0 });
    fields.forEach((field, i) => body.column(field, columns[i]));
    for (const [number, count, inner] of dictionaries) {
        const [data, raw] = recordBatch(inner, count);
        message(out, 2, table([0, 'q', number], [1, 'o', data], [2, 'b', 0]), raw);
    }
    const [data, raw] = recordBatch(body, rows);
    message(out, 3, data, raw);
    return out.scalar('i', -1).scalar('i', 0).take();
}

const sha256 = async bytes => new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes));

function cidOf(digest) {
    const raw = [0x01, 0x55, 0x12, 0x20, ...digest];
    let out = 'b', bits = 0, held = 0;
    for (const byte of raw) {
        held = held << 8 | byte;
        for (bits += 8; bits >= 5; bits -= 5) out += 'abcdefghijklmnopqrstuvwxyz234567'[held >> bits - 5 & 31];
        held &= (1 << bits) - 1;
    }
    return bits ? out + 'abcdefghijklmnopqrstuvwxyz234567'[held << 5 - bits & 31] : out;
}

/** The CID of a block: CIDv1, codec raw, sha2-256, in base32. */
export const cid = async block => cidOf(await sha256(block));

// ---------------------------------------------------------------- lfp1

const NAMES = ['UTC', 'UCT', 'Zulu', 'Universal', 'GMT', 'GMT0', 'GMT+0', 'GMT-0', 'Greenwich'];
const NAMES_OF_UTC = new Set(['z', ...NAMES.flatMap(name => [name.toLowerCase(), `etc/${name.toLowerCase()}`])]);

function zoneOf(zone) {
    if (NAMES_OF_UTC.has(zone.replace(/[A-Z]/g, letter => letter.toLowerCase()))) return 'UTC';
    const parts = /^([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?$/.exec(zone);
    if (!parts) return zone;
    const time = `${parts[2]}:${parts[3] ?? '00'}`;
    return time === '00:00' ? 'UTC' : parts[1] + time;
}

function addText(out, value) {
    const raw = utf8.encode(value);
    out.scalar('i', raw.length).add(raw);
}

function addType(out, field) {
    const kind = FOLDED[field.kind] ?? field.kind, { p, children } = field;
    if (kind === 'run_end') return addType(out, children[1]);
    out.scalar('b', KINDS[kind][0]);
    if (kind === 'int') out.scalar('b', p.bits).scalar('b', Number(p.signed));
    else if (kind === 'float') out.scalar('b', p.precision);
    else if (kind === 'decimal') out.scalar('i', p.precision).scalar('i', p.scale);
    else if (kind === 'date' || kind === 'time' || kind === 'interval' || kind === 'duration') out.scalar('b', p.unit);
    else if (kind === 'timestamp') {
        out.scalar('b', p.unit);
        addText(out, zoneOf(p.zone ?? ''));
    } else if (kind === 'list') addType(out, children[0]);
    else if (kind === 'map') children[0].children.forEach(child => addType(out, child));
    else if (kind === 'fixed_binary') out.scalar('i', p.width);
    else if (kind === 'fixed_list') {
        out.scalar('i', p.size);
        addType(out, children[0]);
    } else if (kind === 'struct' || kind === 'union') {
        out.scalar('i', children.length);
        children.forEach((child, i) => {
            if (kind === 'union') out.scalar('b', p.codes[i]);
            addText(out, child.name);
            addType(out, child);
        });
    }
}

function addValue(out, field, value) {
    const kind = FOLDED[field.kind] ?? field.kind, { children } = field;
    if (kind === 'run_end') return addValue(out, children[1], value);
    if (value === null || kind === 'null') return void out.scalar('b', 0);
    out.scalar('b', 1);
    if (kind === 'float') {
        const raw = quiet(value);
        const isZero = raw.every((byte, i) => byte === 0 || (i === raw.length - 1 && byte === 0x80));
        out.add(isZero ? new Uint8Array(raw.length) : raw);
    } else if (kind === 'bool') out.scalar('b', Number(value));
    else if (kind === 'decimal') {
        out.add(value).add(new Uint8Array(32 - value.length).fill(value.at(-1) & 0x80 ? 0xff : 0));
    } else if (kind === 'utf8' || kind === 'binary') {
        const raw = rawOf(value);
        out.scalar('i', raw.length).add(raw);
    } else if (kind === 'list' || kind === 'map') {
        out.scalar('i', value.length);
        for (const each of value) {
            if (kind === 'list') addValue(out, children[0], each);
            else each.forEach((part, i) => addValue(out, children[0].children[i], part));
        }
    } else if (kind === 'fixed_list') value.forEach(each => addValue(out, children[0], each));
    else if (kind === 'struct') value.forEach((each, i) => addValue(out, children[i], each));
    else if (kind === 'union') {
        out.scalar('b', value[0]);
        addValue(out, children[field.p.codes.indexOf(value[0])], value[1]);
    } else out.add(value);
}

/** The logical fingerprint of batches of the same fields, and the column CIDs. */
export async function fingerprint(fields, batches) {
    const whole = new Bytes(), columnCids = [];
    whole.add(utf8.encode('lfp1')).scalar('i', fields.length);
    whole.scalar('q', batches.reduce((sum, batch) => sum + batch.rows, 0));
    for (const [i, field] of fields.entries()) {
        const column = new Bytes();
        addType(column, field);
        for (const batch of batches) for (const value of batch.columns[i]) addValue(column, field, value);
        const digest = await sha256(column.take());
        addText(whole, field.name);
        whole.add(digest);
        columnCids.push(cidOf(digest));
    }
    return { fingerprint: `lfp1-${hex(await sha256(whole.take()))}`, columnCids };
}
