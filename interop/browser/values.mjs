// A value of apache-arrow as text, by its column's type.

const { Type } = globalThis.Arrow;
const MOST = 200;
const UNITS = ['s', 'ms', 'us', 'ns'];
const PER_SECOND = [1n, 1000n, 1000000n, 1000000000n];

/** Whether values of a type stand at the right. */
export function isNumber(type) {
  return type.typeId === Type.Int || type.typeId === Type.Float || type.typeId === Type.Decimal;
}

/** A type as `arrowcid info` writes it, where that is shorter than what apache-arrow says. */
export function typeText(type) {
  switch (type.typeId) {
    case Type.Dictionary: return `dictionary<${typeText(type.indices)}, ${typeText(type.dictionary)}>`;
    case Type.Decimal: return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
    case Type.Timestamp: return `timestamp[${UNITS[type.unit]}${type.timezone ? `, ${type.timezone}` : ''}]`;
    case Type.Duration: return `duration[${UNITS[type.unit]}]`;
    case Type.Time: return `time${type.bitWidth}[${UNITS[type.unit]}]`;
    case Type.List: case Type.LargeList: return `list<${typeText(type.children[0].type)}>`;
    case Type.Struct: return `struct<${type.children.map(({ name, type: of }) => `${name}: ${typeText(of)}`).join(', ')}>`;
    default: return `${type}`.toLowerCase();
  }
}

/** A value's text; nothing of it is markup. */
export function textOf(value, type) {
  const text = whole(value, type);
  return text.length > MOST ? text.slice(0, MOST) + '…' : text;
}

function whole(value, type) {
  if (value === null || value === undefined) return 'null';
  switch (type.typeId) {
    case Type.Dictionary: return whole(value, type.dictionary);
    case Type.Decimal: return decimal(value.toString(), type.scale);
    case Type.Date: return new Date(Number(value)).toISOString().slice(0, 10);
    case Type.Timestamp: return instant(value, type);
    case Type.Time: return time(BigInt(value), type.unit);
    case Type.Duration: return `${value} ${UNITS[type.unit]}`;
    case Type.Binary: case Type.LargeBinary: case Type.BinaryView: case Type.FixedSizeBinary: return hex(value);
    case Type.List: case Type.LargeList: case Type.FixedSizeList:
      return `[${[...value].slice(0, MOST).map((each) => whole(each, type.children[0].type)).join(', ')}]`;
    case Type.Struct:
      return `{${type.children.map((child) => `${child.name}: ${whole(value[child.name], child.type)}`).join(', ')}}`;
    case Type.Map: {
      const [key, item] = type.children[0].type.children;
      return `{${[...value].map(([k, v]) => `${whole(k, key.type)}: ${whole(v, item.type)}`).join(', ')}}`;
    }
    default: return String(value);
  }
}

function decimal(digits, scale) {
  if (scale <= 0) return digits + '0'.repeat(-scale);
  const sign = digits.startsWith('-') ? '-' : '';
  const padded = digits.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

// apache-arrow gives milliseconds, with what is finer behind the point.
function instant(value, type) {
  const date = new Date(Math.floor(Number(value)));
  if (Number.isNaN(date.getTime())) return `${value} ms`;
  const text = date.toISOString().replace('T', ' ').replace(/(\.000)?Z$/, '');
  if (!type.timezone) return text;
  return type.timezone === 'UTC' ? `${text} UTC` : `${text} UTC (${type.timezone})`;
}

function time(value, unit) {
  const per = PER_SECOND[unit];
  const seconds = value / per;
  const [h, m, s] = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => `${part}`.padStart(2, '0'));
  const rest = value % per;
  return rest === 0n ? `${h}:${m}:${s}` : `${h}:${m}:${s}.${`${rest}`.padStart(3 * unit, '0')}`;
}

function hex(bytes) {
  return '0x' + Array.from(bytes.subarray(0, MOST), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
