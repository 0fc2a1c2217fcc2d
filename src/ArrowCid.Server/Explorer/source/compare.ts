// The difference of the rows of two batches or datasets, from bytes that were proved here.

import { Turns, type Frame } from './frame';
import { textOf, typeText } from './values';

const MOST_SHOWN = 1000;

export interface ColumnPair {
  name: string;
  a: number;
  b: number;
}

export interface Change {
  kind: 'changed' | 'added' | 'removed';
  rowA: number;
  rowB: number;
  a: string[] | null;
  b: string[] | null;
}

export interface Comparison {
  columns: ColumnPair[];
  schema: string[];
  key: string;
  changed: number;
  added: number;
  removed: number;
  same: number;
  equalBatches: number;
  changes: Change[];
}

/** The key of rows that are compared at the same positions. */
export const BY_POSITION = '';

export async function compare(a: Frame, b: Frame, wantedKey: string | null, onProgress: (text: string) => void): Promise<Comparison> {
  await a.loadAll((share) => onProgress(`Proving the first one, ${Math.round(share * 100)} %`));
  await b.loadAll((share) => onProgress(`Proving the second one, ${Math.round(share * 100)} %`));
  onProgress('Comparing…');
  const { columns, schema } = match(a, b);
  const turns = new Turns();
  let key = wantedKey;
  if (key === null) {
    key = BY_POSITION;
    for (const column of columns) {
      if (await isUnique(a, column.a, turns) && await isUnique(b, column.b, turns)) {
        key = column.name;
        break;
      }
    }
  }
  const result: Comparison = { columns, schema, key, changed: 0, added: 0, removed: 0, same: 0, equalBatches: 0, changes: [] };
  const by = columns.find((column) => column.name === key);
  if (by) await compareByKey(a, b, by, result, turns);
  else await compareByPosition(a, b, result, turns);
  return result;
}

function match(a: Frame, b: Frame): { columns: ColumnPair[]; schema: string[] } {
  const columns: ColumnPair[] = [], schema: string[] = [];
  const taken = new Set<number>();
  a.fields.forEach((field, i) => {
    const j = b.fields.findIndex((other, at) => other.name === field.name && !taken.has(at));
    if (j < 0) {
      schema.push(`Only the first one has the column ${field.name}.`);
      return;
    }
    taken.add(j);
    const [one, other] = [typeText(field.type), typeText(b.fields[j]!.type)];
    if (one !== other) schema.push(`The type of ${field.name} is ${one} in the first one and ${other} in the second one.`);
    columns.push({ name: field.name, a: i, b: j });
  });
  b.fields.forEach((field, j) => {
    if (!taken.has(j)) schema.push(`Only the second one has the column ${field.name}.`);
  });
  return { columns, schema };
}

async function isUnique(frame: Frame, column: number, turns: Turns): Promise<boolean> {
  const seen = new Set<string>();
  const type = frame.fields[column]!.type;
  for (let part = 0; part < frame.parts.length; part++) {
    const vector = frame.column(part, column);
    for (let i = 0; i < vector.length; i++) {
      if (i % 8192 === 0) await turns.next();
      const value: unknown = vector.get(i);
      if (value === null) return false;
      const text = textOf(value, type);
      if (seen.has(text)) return false;
      seen.add(text);
    }
  }
  return true;
}

async function compareByPosition(a: Frame, b: Frame, result: Comparison, turns: Turns): Promise<void> {
  const rows = Math.min(a.numRows, b.numRows);
  for (let row = 0; row < rows; row++) {
    if (row % 2048 === 0) await turns.next();
    const [x, y] = [a.partOf(row), b.partOf(row)];
    const isSameBatch = a.starts[x] === row && b.starts[y] === row && a.parts[x]!.cid === b.parts[y]!.cid;
    if (isSameBatch && a.parts[x]!.rows > 0) {
      result.same += a.parts[x]!.rows;
      result.equalBatches++;
      row += a.parts[x]!.rows - 1;
      continue;
    }
    compareRows(a, b, row, row, result);
  }
  for (let row = rows; row < a.numRows; row++) remove(a, row, result);
  for (let row = rows; row < b.numRows; row++) insert(b, row, result);
}

async function compareByKey(a: Frame, b: Frame, key: ColumnPair, result: Comparison, turns: Turns): Promise<void> {
  const shared = new Set(a.parts.map((part) => part.cid));
  const rowsOf = async (frame: Frame, column: number, onRow: (text: string, row: number) => void) => {
    const type = frame.fields[column]!.type;
    for (let row = 0; row < frame.numRows; row++) {
      if (row % 4096 === 0) await turns.next();
      const part = frame.partOf(row);
      onRow(textOf(frame.column(part, column).get(row - frame.starts[part]!), type), row);
    }
  };
  result.equalBatches = b.parts.filter((part) => shared.has(part.cid)).length;
  const found = new Map<string, number[]>();
  await rowsOf(a, key.a, (text, row) => {
    const rows = found.get(text);
    if (rows) rows.push(row);
    else found.set(text, [row]);
  });
  const inserted: number[] = [];
  await rowsOf(b, key.b, (text, row) => {
    const rows = found.get(text);
    const other = rows?.shift();
    if (rows?.length === 0) found.delete(text);
    if (other === undefined) inserted.push(row);
    else compareRows(a, b, other, row, result);
  });
  for (const rows of found.values()) for (const row of rows) remove(a, row, result);
  for (const row of inserted) insert(b, row, result);
  result.changes.sort((one, other) => (one.rowB < 0 ? one.rowA : one.rowB) - (other.rowB < 0 ? other.rowA : other.rowB));
}

function compareRows(a: Frame, b: Frame, rowA: number, rowB: number, result: Comparison): void {
  const one = textsOf(a, rowA, result.columns.map((column) => column.a));
  const other = textsOf(b, rowB, result.columns.map((column) => column.b));
  if (one.every((text, i) => text === other[i])) {
    result.same++;
    return;
  }
  result.changed++;
  if (result.changes.length < MOST_SHOWN) result.changes.push({ kind: 'changed', rowA, rowB, a: one, b: other });
}

function remove(a: Frame, row: number, result: Comparison): void {
  result.removed++;
  if (result.changes.length >= MOST_SHOWN) return;
  result.changes.push({ kind: 'removed', rowA: row, rowB: -1, a: textsOf(a, row, result.columns.map((column) => column.a)), b: null });
}

function insert(b: Frame, row: number, result: Comparison): void {
  result.added++;
  if (result.changes.length >= MOST_SHOWN) return;
  result.changes.push({ kind: 'added', rowA: -1, rowB: row, a: null, b: textsOf(b, row, result.columns.map((column) => column.b)) });
}

function textsOf(frame: Frame, row: number, columns: number[]): string[] {
  const part = frame.partOf(row);
  return columns.map((column) => {
    const value: unknown = frame.column(part, column).get(row - frame.starts[part]!);
    return textOf(value, frame.fields[column]!.type);
  });
}
