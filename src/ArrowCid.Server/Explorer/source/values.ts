// Values of apache-arrow as text and as numbers, by the types of their columns.

import { Type, type DataType } from './arrow';

/* eslint-disable-next-line -- types of apache-arrow differ for each kind, and their members are read by kind */
type Any = any;

const MOST = 200;
const UNITS = ['s', 'ms', 'us', 'ns'];
const PER_SECOND = [1n, 1000n, 1000000n, 1000000000n];

/** How a column is read: as numbers (also times), as texts, as true or false, or as nested values. */
export type Nature = 'number' | 'time' | 'text' | 'boolean' | 'nested';

export function natureOf(type: DataType): Nature {
  switch (type.typeId) {
    case Type.Int: case Type.Float: case Type.Decimal: return 'number';
    case Type.Timestamp: case Type.Date: case Type.Time: case Type.Duration: return 'time';
    case Type.Bool: return 'boolean';
    case Type.Dictionary: return natureOf((type as Any).dictionary);
    case Type.List: case Type.LargeList: case Type.FixedSizeList: case Type.Struct: case Type.Map: case Type.Union:
      return 'nested';
    default: return 'text';
  }
}

/** A type as `arrowcid info` writes it, where that is shorter than the text of apache-arrow. */
export function typeText(of: DataType): string {
  const type = of as Any;
  switch (type.typeId) {
    case Type.Dictionary: return `dictionary<${typeText(type.indices)}, ${typeText(type.dictionary)}>`;
    case Type.Decimal: return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
    case Type.Timestamp: return `timestamp[${UNITS[type.unit]}${type.timezone ? `, ${type.timezone}` : ''}]`;
    case Type.Duration: return `duration[${UNITS[type.unit]}]`;
    case Type.Time: return `time${type.bitWidth}[${UNITS[type.unit]}]`;
    case Type.List: case Type.LargeList: return `list<${typeText(type.children[0].type)}>`;
    case Type.Struct:
      return `struct<${type.children.map((child: Any) => `${child.name}: ${typeText(child.type)}`).join(', ')}>`;
    default: return `${type}`.toLowerCase();
  }
}

/** The text of a value; no part of it is markup. */
export function textOf(value: unknown, type: DataType): string {
  const text = whole(value, type);
  return text.length > MOST ? text.slice(0, MOST) + '…' : text;
}

/** The number of a value, for sorting and statistics; NaN where it has none. */
export function numberOf(value: unknown, type: DataType): number {
  if (value === null || value === undefined) return NaN;
  const kind = type as Any;
  if (kind.typeId === Type.Dictionary) return numberOf(value, kind.dictionary);
  if (kind.typeId === Type.Decimal) return Number(decimal(String(value), kind.scale));
  return Number(value);
}

/** A number that `numberOf` made, as text. */
export function numberText(value: number, type: DataType): string {
  const kind = type as Any;
  switch (kind.typeId) {
    case Type.Dictionary: return numberText(value, kind.dictionary);
    case Type.Int: return Number.isInteger(value) ? value.toLocaleString('en') : short(value);
    case Type.Timestamp: case Type.Date: return whole(Math.round(value), type);
    case Type.Time: case Type.Duration: return whole(BigInt(Math.round(value)), type);
    default: return short(value);
  }
}

function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 1e15 || (value !== 0 && Math.abs(value) < 1e-6)
    ? value.toExponential(5)
    : value.toLocaleString('en', { maximumSignificantDigits: 9 });
}

function whole(value: Any, of: DataType): string {
  if (value === null || value === undefined) return 'null';
  const type = of as Any;
  switch (type.typeId) {
    case Type.Dictionary: return whole(value, type.dictionary);
    case Type.Decimal: return decimal(value.toString(), type.scale);
    case Type.Date: return dateText(Number(value)) ?? `${value} ms`;
    case Type.Timestamp: return instant(value, type);
    case Type.Time: return time(BigInt(value), type.unit);
    case Type.Duration: return `${value} ${UNITS[type.unit]}`;
    case Type.Binary: case Type.LargeBinary: case Type.BinaryView: case Type.FixedSizeBinary: return hex(value);
    case Type.List: case Type.LargeList: case Type.FixedSizeList:
      return `[${[...value].slice(0, MOST).map((each) => whole(each, type.children[0].type)).join(', ')}]`;
    case Type.Struct:
      return `{${type.children.map((child: Any) => `${child.name}: ${whole(value[child.name], child.type)}`).join(', ')}}`;
    case Type.Map: {
      const [key, item] = type.children[0].type.children;
      return `{${[...value].map(([k, v]) => `${whole(k, key.type)}: ${whole(v, item.type)}`).join(', ')}}`;
    }
    default: return String(value);
  }
}

function decimal(digits: string, scale: number): string {
  if (scale <= 0) return digits + '0'.repeat(-scale);
  const sign = digits.startsWith('-') ? '-' : '';
  const padded = digits.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function dateText(milliseconds: number): string | null {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().slice(0, 10);
}

// apache-arrow returns milliseconds, with what is finer after the point.
function instant(value: Any, type: Any): string {
  const date = new Date(Math.floor(Number(value)));
  if (Number.isNaN(date.getTime())) return `${value} ms`;
  const text = date.toISOString().replace('T', ' ').replace(/(\.000)?Z$/, '');
  if (!type.timezone) return text;
  return type.timezone === 'UTC' ? `${text} UTC` : `${text} UTC (${type.timezone})`;
}

function time(value: bigint, unit: number): string {
  const per = PER_SECOND[unit]!;
  const seconds = value / per;
  const [h, m, s] = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => `${part}`.padStart(2, '0'));
  const rest = value % per;
  return rest === 0n ? `${h}:${m}:${s}` : `${h}:${m}:${s}.${`${rest}`.padStart(3 * unit, '0')}`;
}

function hex(bytes: Uint8Array): string {
  return '0x' + Array.from(bytes.subarray(0, MOST), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0, value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${units[unit]}`;
}

export function countText(count: number): string {
  return count.toLocaleString('en');
}
