// Puts, changes of names, and messages of channels as they happen.

import { useEffect, useRef, useState } from 'preact/hooks';
import { events, getLines, troubleOf, type NameLine, type ServerEvent } from './api';
import { CidLink, Failure, Proof, Time, useLoad, useTitle } from './parts';
import { link } from './route';
import { bytesText, countText } from './values';

const MOST_LINES = 200;
const NAMES_EVERY = 3000, NAMES_AFTER_PUT = 100;

interface Line {
  key: number;
  kind: 'put' | 'name' | 'message' | 'gap';
  at: string;
  cid: string | null;
  text: string;
  href?: string;
}

interface Channel {
  name: string;
  cid: string;
}

export function Live() {
  useTitle('Live');
  const [lines, setLines] = useState<Line[]>([]);
  const [isConnected, setConnected] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [channel, setChannel] = useState('');
  const [turn, setTurn] = useState(0);
  const paused = useRef(false);
  paused.current = isPaused;
  const channels = useLoad([], (signal) => getLines<Channel>('/v1/channels', signal));
  const counter = useRef(0);
  const poke = useRef<() => void>(() => undefined);
  const add = (line: Omit<Line, 'key'>) => {
    if (!paused.current) setLines((before) => [{ ...line, key: counter.current++ }, ...before].slice(0, MOST_LINES));
  };

  useEffect(() => {
    const ends = new AbortController();
    const run = async () => {
      for await (const event of events('/v1/watch', ends.signal, setConnected)) {
        const line = lineOf(event);
        if (line) add(line);
        // What was put is often named at once.
        poke.current();
      }
    };
    setError(null);
    run().catch((reason: unknown) => ends.signal.aborted || setError(reason));
    void followNames(ends.signal, add, poke);
    return () => ends.abort();
  }, [turn]);

  useEffect(() => {
    if (!channel) return undefined;
    const ends = new AbortController();
    const run = async () => {
      for await (const event of events(`/v1/channels/${encodeURIComponent(channel)}/messages`, ends.signal, () => undefined)) {
        if (event.kind === 'message') add(messageOf(channel, event));
      }
    };
    run().catch((reason: unknown) => ends.signal.aborted || setError(reason));
    return () => ends.abort();
  }, [channel]);

  return (
    <>
      <h1>Live</h1>
      <p class="summary">
        <span id="connection" role="status">{isConnected ? 'Connected.' : 'Connecting…'}</span> Puts come as events; names are
        asked every 3 seconds. <Proof is="said" />
      </p>
      <p class="actions">
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>{isPaused ? 'Continue' : 'Pause'}</button>
        <button type="button" onClick={() => setLines([])}>Clear</button>
        <label>Channel{' '}
          <select value={channel} onChange={(event) => setChannel(event.currentTarget.value)}>
            <option value="">none</option>
            {(channels.value ?? []).map(({ name }) => <option value={name}>{name}</option>)}
          </select>
        </label>
      </p>
      {error ? <Failure error={error} again={() => setTurn(turn + 1)} /> : null}
      {lines.length === 0 && !error && <p>Nothing has happened since this page was opened.</p>}
      <ol class="live" aria-label="Events, the latest first">
        {lines.map((line) =>
          <li key={line.key} class={line.kind}>
            <span class="kind">{line.kind}</span> <Time at={line.at} /> {line.href ? <a href={line.href}>{line.text}</a> : <bdi>{line.text}</bdi>}{' '}
            {line.cid && <CidLink cid={line.cid} />}
          </li>)}
      </ol>
    </>
  );
}

function lineOf({ kind, data }: ServerEvent): Omit<Line, 'key'> | null {
  const found = JSON.parse(data) as { cid?: string; rows?: number; bytes?: number; time?: string; reason?: string; first?: number; last?: number };
  const at = found.time ?? new Date().toISOString();
  if (kind === 'gap') return { kind: 'gap', at, cid: null, text: `Events ${found.first} to ${found.last} were missed (${found.reason}).` };
  if ((kind !== 'new' && kind !== 'again') || !found.cid) return null;
  return {
    kind: 'put', at, cid: found.cid,
    text: `${countText(found.rows ?? 0)} rows, ${bytesText(found.bytes ?? 0)}${kind === 'again' ? ', stored before' : ''}`,
  };
}

function messageOf(channel: string, { data }: ServerEvent): Omit<Line, 'key'> {
  const found = JSON.parse(data) as { cid: string; time: string; writer: string; contents: string[]; bytes?: string };
  const text = found.bytes === undefined ? `${found.contents.length} blocks`
    : new TextDecoder().decode(Uint8Array.from(atob(found.bytes), (each) => each.charCodeAt(0))).slice(0, 200);
  return { kind: 'message', at: found.time, cid: found.contents[0] ?? null, text: `${channel}: ${text}` };
}

async function followNames(signal: AbortSignal, add: (line: Omit<Line, 'key'>) => void, poke: { current: () => void }):
    Promise<void> {
  let before: Map<string, string | null> | null = null;
  while (!signal.aborted) {
    try {
      const names: NameLine[] = await getLines<NameLine>('/v1/names', signal);
      const now = new Map(names.map(({ name, cid }) => [name, cid]));
      if (before) {
        for (const { name, cid, time } of names) {
          if (before.get(name) === cid) continue;
          add({ kind: 'name', at: time, cid, text: `@${name} ${before.has(name) ? 'points to another block' : 'is new'}`, href: link(['name', name]) });
        }
        for (const name of before.keys()) {
          if (!now.has(name)) add({ kind: 'name', at: new Date().toISOString(), cid: null, text: `@${name} was deleted`, href: link(['name', name]) });
        }
      }
      before = now;
    } catch (error) {
      // The stream of events tells what is wrong; a refusal does not change by asking again.
      if (signal.aborted || troubleOf(error).wantsToken) return;
    }
    await new Promise<void>((resolve) => {
      setTimeout(resolve, NAMES_EVERY);
      poke.current = () => setTimeout(resolve, NAMES_AFTER_PUT);
    });
  }
}
