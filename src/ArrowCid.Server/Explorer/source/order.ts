// Sorting and filtering the rows of a frame, in pieces that let the browser draw.

import { Type } from './arrow';
import { Turns, type Frame } from './frame';
import { natureOf, numberOf, textOf } from './values';

export interface Sort {
  column: number;
  isDescending: boolean;
}

export const TESTS = ['contains', '=', '!=', '<', '<=', '>', '>=', 'is null', 'is not null'] as const;
export type TestKind = (typeof TESTS)[number];

export interface RowTest {
  column: number;
  kind: TestKind;
  value: string;
}

/** The rows to show, in order; null where they are all rows in their own order. */
export async function orderOf(frame: Frame, test: RowTest | null, sort: Sort | null, onProgress: (text: string) => void):
    Promise<Uint32Array | null> {
  if (!test && !sort) return null;
  await frame.loadAll((share) => onProgress(`Proving the batches, ${Math.round(share * 100)} %`));
  let rows: Uint32Array;
  if (test) {
    onProgress('Filtering…');
    rows = await filter(frame, test);
  } else {
    rows = new Uint32Array(frame.numRows);
    for (let i = 0; i < rows.length; i++) rows[i] = i;
  }
  if (!sort) return rows;
  onProgress('Sorting…');
  await new Promise((resolve) => setTimeout(resolve));
  return sorted(frame, rows, sort);
}

async function filter(frame: Frame, { column, kind, value }: RowTest): Promise<Uint32Array> {
  const type = frame.fields[column]!.type;
  const nature = natureOf(type);
  const asked = value.toLowerCase();
  // Times are compared by their texts, which sort as the times do.
  const number = nature === 'number' && value.trim() !== '' ? Number(value.replaceAll(',', '')) : NaN;
  const compares = (text: string, found: number) => {
    const [a, b] = Number.isNaN(number) ? [text, value] : [found, number];
    switch (kind) {
      case '=': return a === b;
      case '!=': return a !== b;
      case '<': return a < b;
      case '<=': return a <= b;
      case '>': return a > b;
      default: return a >= b;
    }
  };
  const rows: number[] = [];
  await visit(frame, column, (row, cell) => {
    const isNull = cell === null;
    const passes = kind === 'is null' ? isNull
      : kind === 'is not null' ? !isNull
        : kind === 'contains' ? !isNull && textOf(cell, type).toLowerCase().includes(asked)
          : !isNull && compares(Number.isNaN(number) ? textOf(cell, type) : '', Number.isNaN(number) ? 0 : numberOf(cell, type));
    if (passes) rows.push(row);
  });
  return Uint32Array.from(rows);
}

async function sorted(frame: Frame, rows: Uint32Array, { column, isDescending }: Sort): Promise<Uint32Array> {
  const type = frame.fields[column]!.type;
  const nature = natureOf(type);
  const isNumeric = (nature === 'number' || nature === 'time') && type.typeId !== Type.Dictionary;
  const sign = isDescending ? -1 : 1;
  if (isNumeric) {
    const numbers = new Float64Array(frame.numRows);
    let isExact = true;
    await visit(frame, column, (row, value) => {
      numbers[row] = numberOf(value, type);
      isExact &&= type.typeId === Type.Decimal ? value === null || String(value).length <= 15
        : typeof value !== 'bigint' || Number.isSafeInteger(numbers[row]);
    });
    // Rows without a value come last, and equal rows keep their order.
    if (isExact) {
      return rows.sort((a, b) => {
        const x = numbers[a]!, y = numbers[b]!;
        if (x < y) return -sign;
        if (x > y) return sign;
        if (x === y) return a - b;
        return x !== x ? (y !== y ? a - b : 1) : -1;
      });
    }
  }
  const keys = new Array<string | bigint | null>(frame.numRows);
  await visit(frame, column, (row, value) => {
    keys[row] = value === null ? null : isNumeric ? BigInt(String(value)) : textOf(value, type);
  });
  return rows.sort((a, b) => {
    const x = keys[a]!, y = keys[b]!;
    if (x === y) return a - b;
    if (x === null) return 1;
    if (y === null) return -1;
    return x < y ? -sign : sign;
  });
}

async function visit(frame: Frame, column: number, onValue: (row: number, value: unknown) => void): Promise<void> {
  const turns = new Turns();
  for (let part = 0; part < frame.parts.length; part++) {
    const vector = frame.column(part, column);
    const start = frame.starts[part]!;
    for (let i = 0; i < vector.length; i++) {
      if (i % 8192 === 0) await turns.next();
      onValue(start + i, vector.get(i));
    }
  }
}
