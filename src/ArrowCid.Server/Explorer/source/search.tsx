// Search with the filter language, and its results.

import { useMemo, useRef, useState } from 'preact/hooks';
import { getLines, type Entry } from './api';
import { complete, type Known } from './filter-words';
import { Busy, CidLink, Failure, Proof, Time, useLoad, useTitle } from './parts';
import { go, link, type Route } from './route';
import { bytesText, countText } from './values';

const STEP = 100;
const READY: [string, string][] = [
  ['All', ''], ['Datasets', 'kind = dataset'], ['New today', 'age < 24h'], ['Named', 'has name'], ['Large', 'bytes > 100MiB'],
  ['Pinned', 'pinned'],
];

// What was seen in this tab, for completion.
const known: Known = { tags: new Map(), names: new Set(), producers: new Set() };

function learn(entries: Entry[]): void {
  for (const entry of entries) {
    for (const [key, value] of Object.entries(entry.tags)) {
      const values = known.tags.get(key) ?? new Set();
      if (values.size < 50) values.add(value);
      if (known.tags.size < 200) known.tags.set(key, values);
    }
    for (const name of entry.names) if (known.names.size < 500) known.names.add(name);
    if (entry.producer && known.producers.size < 200) known.producers.add(entry.producer);
  }
}

export function Search({ route }: { route: Route }) {
  const filter = route.query.get('filter') ?? '';
  const limit = Number(route.query.get('limit') ?? STEP) || STEP;
  useTitle(filter ? `Search: ${filter}` : 'Search');
  const found = useLoad([filter, limit], async (signal) => {
    const query = new URLSearchParams({ limit: String(limit + 1), ...(filter ? { filter } : {}) });
    const entries = await getLines<Entry>(`/v1/blocks?${query}`, signal);
    learn(entries);
    return entries;
  });
  const more = (found.value?.length ?? 0) > limit;
  return (
    <>
      <h1>Search</h1>
      <SearchBox key={filter} filter={filter} />
      <nav class="chips" aria-label="Ready searches">
        {READY.map(([title, text]) =>
          <a href={link(['search'], { filter: text })} aria-current={text === filter ? 'true' : undefined}>{title}</a>)}
      </nav>
      {found.error ? <Failure error={found.error} again={found.again} />
        : !found.value ? <Busy>Searching…</Busy>
          : <>
            <p class="summary" role="status">
              {found.value.length === 0 ? 'No block passes this filter.'
                : `${more ? `The first ${countText(limit)}` : countText(found.value.length)} ${found.value.length === 1 ? 'block' : 'blocks'}`}
              {' '}<Proof is="said" title="The list is the server's. Rows are proved when a block is opened." />
            </p>
            {found.value.length > 0 && <Results entries={found.value.slice(0, limit)} />}
            {more && <p><a class="button" href={link(['search'], { filter, limit: String(limit * 10) })}>Show more</a></p>}
          </>}
    </>
  );
}

function SearchBox({ filter }: { filter: string }) {
  const [text, setText] = useState(filter);
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const { start, suggestions } = useMemo(() => complete(text, known), [text, isOpen]);
  const shown = isOpen && suggestions.length > 0;
  const take = (index: number) => {
    const next = `${text.slice(0, start)}${suggestions[index]!.text}`;
    setText(next.endsWith('.') || next.endsWith('(') ? next : `${next} `);
    setChosen(-1);
    setOpen(true);
    input.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!shown) setOpen(true);
      else setChosen((chosen + (event.key === 'ArrowDown' ? 1 : suggestions.length + (chosen < 0 ? 0 : -1))) % suggestions.length);
      event.preventDefault();
    } else if (event.key === 'Escape') setOpen(false);
    else if ((event.key === 'Enter' || event.key === 'Tab') && shown && chosen >= 0) {
      take(chosen);
      event.preventDefault();
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setOpen(false);
    const asked = text.trim();
    if (/^(@\S|baf[a-z2-7]{30,}$)/.test(asked)) go(['data', asked]);
    else go(['search'], { filter: asked });
  };
  return (
    <form class="search" role="search" onSubmit={submit}>
      <label for="filter">A filter, a CID, or @ and a name</label>
      <div class="ask">
        <div class="combo">
          <input id="filter" ref={input} value={text} spellcheck={false} autocomplete="off" autocapitalize="off"
            placeholder='kind = dataset and tag.day = "2026-11-20"' role="combobox" aria-expanded={shown} aria-controls="suggestions"
            aria-autocomplete="list" aria-activedescendant={shown && chosen >= 0 ? `suggestion-${chosen}` : undefined}
            onInput={(event) => { setText(event.currentTarget.value); setOpen(true); setChosen(-1); }}
            onFocus={() => setOpen(true)} onBlur={() => setOpen(false)} onKeyDown={key} />
          <ul id="suggestions" role="listbox" aria-label="Completions" hidden={!shown}>
            {shown && suggestions.map(({ text: word, hint }, i) =>
              <li id={`suggestion-${i}`} role="option" aria-selected={i === chosen}
                onMouseDown={(event) => { event.preventDefault(); take(i); }}>
                <code>{word}</code> <span>{hint}</span>
              </li>)}
          </ul>
        </div>
        <button>Search</button>
      </div>
    </form>
  );
}

export function Results({ entries }: { entries: Entry[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Results">
      <table class="list">
        <thead>
          <tr><th scope="col">Block</th><th scope="col">Kind</th><th scope="col" class="number">Rows</th>
            <th scope="col" class="number">Size</th><th scope="col">Created</th><th scope="col">Tags</th><th scope="col">Producer</th></tr>
        </thead>
        <tbody>
          {entries.map((entry) =>
            <tr>
              <th scope="row">
                {entry.names.map((name) => <><a href={link(['data', `@${name}`])}>@{name}</a>{' '}</>)}
                <CidLink cid={entry.cid} />
              </th>
              <td>{entry.kind}</td>
              <td class="number">{countText(entry.rows)}</td>
              <td class="number">{bytesText(entry.dataBytes ?? entry.bytes)}</td>
              <td><Time at={entry.time} /></td>
              <td><Tags tags={entry.tags} /></td>
              <td>{entry.producer ?? ''}</td>
            </tr>)}
        </tbody>
      </table>
    </div>
  );
}

export function Tags({ tags }: { tags: Record<string, string> }) {
  return (
    <span class="tags">
      {Object.entries(tags).map(([key, value]) =>
        <a class="tag" href={link(['search'], { filter: `tag.${JSON.stringify(key)} = ${JSON.stringify(value)}` })}>{key}={value}</a>)}
    </span>
  );
}
