// Completion of the filter language: what may stand at the end of a text that is typed.

const FIELDS: Record<string, string> = {
  cid: 'CID of the block', schema: 'CID of its schema', rows: 'number of rows', bytes: 'bytes of the block',
  kind: 'batch, dataset, schema, …', created: 'date or time of the first put', age: 'duration since then',
  producer: 'who made it', parent: 'CID of a block that it was made from', name: 'a name that points to it',
  pinned: 'whether it is kept', expires: 'time after which it is not needed', place: 'place that has a copy',
  signer: 'key that signed a statement about it', 'tag.': 'a tag', 'json.': 'a value of its JSON',
};
const KINDS = ['batch', 'dataset', 'schema', 'manifest', 'node', 'raw', 'view'];
const TEXTS = ['=', '!=', '~', '!~', 'in ('];
const NUMBERS = ['=', '!=', '<', '<=', '>', '>=', 'in ('];
const OPERATORS: Record<string, string[]> = {
  cid: ['=', '!=', '~'], schema: ['=', '!=', '~'], parent: ['=', '!=', '~'], kind: ['=', '!=', 'in ('],
  rows: NUMBERS, bytes: NUMBERS, created: NUMBERS, age: NUMBERS, expires: NUMBERS, producer: TEXTS, name: TEXTS,
  place: TEXTS, signer: TEXTS, pinned: ['=', '!='],
};

/** What the store is known to have, from entries that were shown. */
export interface Known {
  tags: Map<string, Set<string>>;
  names: Set<string>;
  producers: Set<string>;
}

export interface Suggestion {
  text: string;
  hint: string;
}

/** The suggestions at the end of a text, and where the word begins that they replace. */
export function complete(text: string, known: Known): { start: number; suggestions: Suggestion[] } {
  const tokens = [...text.matchAll(/"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[<>=!~]+|[(),]|[^\s<>=!~(),"']+/g)];
  const isOpen = tokens.length > 0 && tokens.at(-1)!.index + tokens.at(-1)![0].length === text.length && !/[\s(,]$/.test(text);
  const last = isOpen ? tokens.at(-1)![0] : '';
  const start = text.length - last.length;
  const before = (isOpen ? tokens.slice(0, -1) : tokens).map((token) => token[0]);
  const all = expected(before, known);
  const wanted = last.replace(/^["']/, '').toLowerCase();
  const suggestions = all.filter(({ text: each }) => each.replace(/^"/, '').toLowerCase().startsWith(wanted) && each !== last);
  return { start, suggestions: suggestions.slice(0, 12) };
}

function expected(before: string[], known: Known): Suggestion[] {
  const last = before.at(-1)?.toLowerCase() ?? '';
  if (before.length === 0 || last === 'and' || last === 'or' || last === 'not' || last === '(' && before.at(-2)?.toLowerCase() !== 'in') {
    return [...fields(known), { text: 'not', hint: 'the opposite' }, { text: 'has', hint: 'whether there is a value' }];
  }
  if (last === 'has') return fields(known);
  if (/^[<>=!~]+$/.test(last)) return values(before.at(-2) ?? '', known);
  if (last === '(' || last === ',') {
    const at = before.map((word) => word.toLowerCase()).lastIndexOf('in');
    return values(before[at - 1] ?? '', known);
  }
  const isField = last in FIELDS || last.startsWith('tag.') || last.startsWith('json.');
  const previous = before.at(-2)?.toLowerCase() ?? '';
  if (isField && previous !== 'has' && !/^[<>=!~]+$/.test(previous) && last !== 'pinned') {
    return (OPERATORS[last] ?? [...TEXTS, '<', '<=', '>', '>=']).map((text) => ({ text, hint: 'operator' }));
  }
  return [{ text: 'and', hint: 'both hold' }, { text: 'or', hint: 'one of them holds' }];
}

function fields(known: Known): Suggestion[] {
  const plain = Object.entries(FIELDS).map(([text, hint]) => ({ text, hint }));
  const tags = [...known.tags.keys()].map((key) => ({ text: `tag.${part(key)}`, hint: 'a tag of this store' }));
  return [...plain, ...tags];
}

function values(field: string, known: Known): Suggestion[] {
  const name = field.toLowerCase();
  const quoted = (texts: Iterable<string>, hint: string) => [...texts].map((text) => ({ text: JSON.stringify(text), hint }));
  if (name === 'kind') return KINDS.map((text) => ({ text, hint: 'kind' }));
  if (name === 'name') return quoted(known.names, 'name');
  if (name === 'producer') return quoted(known.producers, 'producer');
  if (name === 'pinned') return ['true', 'false'].map((text) => ({ text, hint: '' }));
  if (name === 'age' || name === 'expires') return ['1h', '24h', '7d', '30d'].map((text) => ({ text, hint: 'duration' }));
  if (name === 'bytes') return ['1MiB', '100MiB', '1GiB'].map((text) => ({ text, hint: 'size' }));
  if (name === 'rows') return ['1000', '1000000'].map((text) => ({ text, hint: 'number' }));
  if (name === 'created') return [{ text: new Date().toISOString().slice(0, 10), hint: 'today' }];
  for (const [key, found] of known.tags) {
    if (`tag.${part(key)}`.toLowerCase() === name) return quoted(found, 'value of this tag');
  }
  return [];
}

function part(key: string): string {
  return /^[\w:/@+-]+$/.test(key) ? key : JSON.stringify(key);
}
