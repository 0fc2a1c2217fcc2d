// A profile of each column: nulls, distinct values, quantiles and a histogram, from bytes that were proved here.

import { Turns, type Frame } from './frame';
import { natureOf, numberOf, textOf, type Nature } from './values';

const MOST_TEXTS = 200_000;
const BINS = 24;
const SHARES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];

export interface Profile {
  nature: Nature;
  rows: number;
  nulls: number;
  notNumbers: number;
  /** The number of distinct values; null where there are more than the browser counts. */
  distinct: number | null;
  quantiles: number[];
  mean: number;
  bins: { from: number; to: number; count: number }[];
  top: { text: string; count: number }[];
}

export const QUANTILES = ['min', '5 %', '25 %', 'median', '75 %', '95 %', 'max'];

/** Profiles a column over the first batches of a frame, which are loaded. */
export async function profile(frame: Frame, column: number, parts: number): Promise<Profile> {
  const type = frame.fields[column]!.type;
  const nature = natureOf(type);
  const isNumeric = nature === 'number' || nature === 'time';
  const rows = frame.rowsOf(parts);
  const numbers = isNumeric ? new Float64Array(rows) : null;
  const counts = new Map<string, number>();
  let nulls = 0, found = 0, notNumbers = 0, isOver = false, sum = 0;
  const turns = new Turns();
  for (let part = 0; part < parts; part++) {
    const vector = frame.column(part, column);
    for (let i = 0; i < vector.length; i++) {
      if (i % 4096 === 0) await turns.next();
      const value: unknown = vector.get(i);
      if (value === null) {
        nulls++;
      } else if (numbers) {
        const number = numberOf(value, type);
        if (Number.isNaN(number)) notNumbers++;
        else {
          numbers[found++] = number;
          sum += number;
        }
      } else {
        const text = textOf(value, type);
        const count = counts.get(text);
        if (count !== undefined) counts.set(text, count + 1);
        else if (counts.size < MOST_TEXTS) counts.set(text, 1);
        else isOver = true;
      }
    }
  }
  const base = { nature, rows, nulls, notNumbers };
  if (!numbers) {
    const top = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 8)
      .map(([text, count]) => ({ text, count }));
    return { ...base, distinct: isOver ? null : counts.size, quantiles: [], mean: NaN, bins: [], top };
  }
  const values = numbers.subarray(0, found).sort();
  await turns.next();
  let distinct = notNumbers > 0 ? 1 : 0;
  for (let i = 0; i < found; i++) if (i === 0 || values[i] !== values[i - 1]) distinct++;
  const quantiles = found === 0 ? [] : SHARES.map((share) => values[Math.round(share * (found - 1))]!);
  return { ...base, distinct, quantiles, mean: sum / found, bins: binsOf(values), top: [] };
}

function binsOf(values: Float64Array): Profile['bins'] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [];
  const low = finite[0]!, high = finite[finite.length - 1]!;
  if (low === high) return [{ from: low, to: high, count: finite.length }];
  const width = (high - low) / BINS;
  const bins = Array.from({ length: BINS }, (_, i) => ({ from: low + i * width, to: low + (i + 1) * width, count: 0 }));
  for (const value of finite) bins[Math.min(BINS - 1, Math.floor((value - low) / width))]!.count++;
  return bins;
}
