// Reads canonical blocks with apache-arrow for JavaScript and compares them with the batches that they were made of.
//
//   node check-blocks.mjs MANIFEST
//
// MANIFEST, what is compared and what is printed are as in ../python/check_blocks.py. apache-arrow comes from
// $ARROWCID_PEERS/node, where interop/peers/setup installs it. It takes every stream for little-endian and does not say
// so: a big-endian source has no place in a manifest for it.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const peers = process.env.ARROWCID_PEERS || '/var/tmp/arrowcid-peers';
const modules = join(peers, 'node', 'package.json');
if (!existsSync(modules)) {
  console.error(`apache-arrow is not in ${join(peers, 'node')}: run interop/peers/setup`);
  process.exit(2);
}
const { DataType, IntervalUnit, Precision, RecordBatchReader, UnionMode, Vector } =
  createRequire(modules)('apache-arrow');

// What apache-arrow cannot read, by its message. It can read neither block nor source that hold such a type;
// a body compressed with an unregistered codec is a matter of the source alone.
const CANNOT = [
  { kind: 'list-view', says: /^Unrecognized type: "ListView"/, inBlock: true },
  { kind: 'large-list-view', says: /^Unrecognized type: "LargeListView"/, inBlock: true },
  { kind: 'run-end-encoded', says: /^Unrecognized type: "RunEndEncoded"/, inBlock: true },
  { kind: 'compressed-body', says: /^(Record|Dictionary) batch is compressed but codec not found$/, inBlock: false },
];

class Different extends Error {}

// ---------------------------------------------------------------- schemas

function metadata(pairs) {
  return [...(pairs ?? [])]
    .filter(([key, value]) => !(key === 'ARROW:extension:metadata' && value === ''))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function describeField(field) {
  return [describeType(field.type), field.nullable, metadata(field.metadata)];
}

// A type without the child names that the canonical form sets.
function describeType(type) {
  if (DataType.isDictionary(type)) {
    return ['dictionary', String(type.indices), type.isOrdered, describeType(type.dictionary)];
  }
  if (DataType.isMap(type)) {
    const [key, value] = type.children[0].type.children;
    return ['map', type.keysSorted, describeType(key.type), describeField(value)];
  }
  if (DataType.isList(type)) return ['list', describeField(type.children[0])];
  if (DataType.isLargeList(type)) return ['large list', describeField(type.children[0])];
  if (DataType.isFixedSizeList(type)) return ['fixed-size list', type.listSize, describeField(type.children[0])];
  if (DataType.isUnion(type)) {
    return ['union', type.mode, [...type.typeIds], type.children.map(f => [f.name, describeField(f)])];
  }
  if (DataType.isStruct(type)) return ['struct', type.children.map(f => [f.name, describeField(f)])];
  if (DataType.isTimestamp(type)) return ['timestamp', type.unit, type.timezone || null];
  if (DataType.isDecimal(type)) return ['decimal', type.precision, type.scale, type.bitWidth];
  if (DataType.isInterval(type)) return ['interval', type.unit];
  if (DataType.isDuration(type)) return ['duration', type.unit];
  if (DataType.isTime(type)) return ['time', type.unit, type.bitWidth];
  if (DataType.isDate(type)) return ['date', type.unit];
  return String(type);
}

// ---------------------------------------------------------------- values

const vectors = new WeakMap();

function vectorOf(data) {
  let vector = vectors.get(data);
  if (!vector) vectors.set(data, (vector = new Vector([data])));
  return vector;
}

function rowOf(vector, index) {
  for (const data of vector.data) {
    if (index < data.length) return value(data, index);
    index -= data.length;
  }
  throw new Different('an index outside its dictionary');
}

// The value at a row as text that is equal where Arrow's values are; null for a null.
function value(data, row) {
  const { type } = data;
  if (DataType.isNull(type)) return null;
  if (DataType.isUnion(type)) {
    const code = data.typeIds[row];
    const child = data.children[type.typeIdToChildIndex[code]];
    const at = type.mode === UnionMode.Dense ? data.valueOffsets[row] : row;
    return `${code}:${value(child, at)}`;
  }
  if (!vectorOf(data).isValid(row)) return null;
  if (DataType.isDictionary(type)) return rowOf(data.dictionary, Number(data.values[row]));
  if (DataType.isStruct(type)) return `{${data.children.map(child => value(child, row)).join()}}`;
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isMap(type)) {
    return elements(data.children[0], Number(data.valueOffsets[row]), Number(data.valueOffsets[row + 1]));
  }
  if (DataType.isFixedSizeList(type)) {
    return elements(data.children[0], row * type.listSize, (row + 1) * type.listSize);
  }
  if (DataType.isBool(type) || DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) {
    return JSON.stringify(vectorOf(data).get(row));
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isBinaryView(type)
    || DataType.isFixedSizeBinary(type)) {
    return Buffer.from(vectorOf(data).get(row)).toString('hex');
  }
  return fixed(data, row);
}

function elements(child, start, end) {
  const out = [];
  for (let i = start; i < end; i++) out.push(value(child, i));
  return `[${out.join()}]`;
}

// How many of data.values make one value: the library's own getters round times and decimals.
function lanes(type) {
  if (DataType.isDecimal(type)) return type.bitWidth / 32;
  if (DataType.isInterval(type)) {
    return { [IntervalUnit.YEAR_MONTH]: 1, [IntervalUnit.DAY_TIME]: 2, [IntervalUnit.MONTH_DAY_NANO]: 4 }[type.unit];
  }
  return 1;
}

function fixed(data, row) {
  const { type, values } = data;
  if (DataType.isFloat(type)) {
    const number = type.precision === Precision.HALF ? vectorOf(data).get(row) : values[row];
    return Object.is(number, -0) ? '-0' : String(number);
  }
  const count = lanes(type);
  const out = values.subarray(row * count, (row + 1) * count);
  if (out.length !== count) throw new Different(`no value at row ${row} of a ${type}`);
  return out.join(' ');
}

// What the entries of an ordered dictionary are, in their order, each once.
function order(data) {
  if (!data || !DataType.isDictionary(data.type) || !data.type.isOrdered) return null;
  const entries = new Set();
  for (let i = 0; i < data.dictionary.length; i++) entries.add(rowOf(data.dictionary, i));
  entries.delete(null);
  return JSON.stringify([...entries]);
}

// ---------------------------------------------------------------- batches and blocks

// Batch number of a file as it stands when the batch comes: later dictionaries are not yet read.
function batchOf(path, number, only) {
  const reader = RecordBatchReader.from(readFileSync(path)).open();
  let found = null;
  let count = 0;
  for (const batch of reader) {
    if (count++ === number) {
      found = batch;
      if (!only) break;
    }
  }
  if (!found || (only && count !== 1)) throw new Different(`${path} holds ${count} batches`);
  return found;
}

function equal(what, was, now) {
  const [a, b] = [JSON.stringify(was), JSON.stringify(now)];
  if (a !== b) throw new Different(`${what}: ${a} became ${b}`);
}

function compare(source, block) {
  equal('rows', source.numRows, block.numRows);
  equal('metadata', metadata(source.schema.metadata), metadata(block.schema.metadata));
  equal('columns', source.schema.fields.map(f => f.name), block.schema.fields.map(f => f.name));
  source.schema.fields.forEach((field, column) => {
    const name = `column '${field.name}'`;
    equal(name, describeField(field), describeField(block.schema.fields[column]));
    const [was, now] = [source.data.children[column], block.data.children[column]];
    for (let row = 0; row < source.numRows; row++) {
      const [a, b] = [value(was, row), value(now, row)];
      if (a !== b) throw new Different(`${name} row ${row}: ${a} became ${b}`);
    }
    equal(`${name}, the order of its dictionary's entries`, order(was), order(now));
  });
}

// The kind that apache-arrow cannot read, or undefined; throws where it should have been able to.
function attempt(read) {
  try {
    return { batch: read() };
  } catch (error) {
    const known = CANNOT.find(({ says }) => says.test(error.message));
    if (!known) throw error;
    return { known };
  }
}

function check({ source, batch, block }, base) {
  const was = attempt(() => batchOf(resolve(base, source), batch, false));
  const now = attempt(() => batchOf(resolve(base, block), 0, true));
  if (now.known && now.known !== was.known) throw new Different(`the block alone: ${now.known.kind}`);
  if (was.known?.inBlock && !now.known) throw new Different(`the source alone: ${was.known.kind}`);
  if (was.known) return was.known.kind;
  compare(was.batch, now.batch);
  return undefined;
}

function main(manifest) {
  const rows = readFileSync(manifest, 'utf8').split('\n').filter(line => line.trim()).map(line => JSON.parse(line));
  let [same, cannot, different] = [0, 0, 0];
  for (const row of rows) {
    const name = `${row.source}#${row.batch}`;
    try {
      const kind = check(row, dirname(resolve(manifest)));
      if (kind) {
        cannot++;
        console.log(`cannot ${kind} ${name}`);
      } else {
        same++;
      }
    } catch (error) {
      different++;
      console.log(`different ${name}: ${error instanceof Different ? error.message : error.stack}`);
    }
  }
  console.log(`${same} same, ${cannot} cannot, ${different} different`);
  return different || !rows.length ? 1 : 0;
}

if (process.argv.length !== 3) {
  console.error('node check-blocks.mjs MANIFEST');
  process.exit(2);
}
process.exitCode = main(process.argv[2]);
