// Calls of the server's HTTP API, and what to tell a user when one fails.

import { CidError } from '../modules/arrowcid.mjs';

/** The server that is asked: this page's own, or the one of `?server=`. */
export const server = serverOf(new URLSearchParams(location.search).get('server'));

function serverOf(text: string | null): string {
  try {
    const url = new URL(text ?? location.origin, location.href);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.origin : location.origin;
  } catch {
    return location.origin;
  }
}

// A token is for one server and one tab: a link to another server does not send it there.
const slot = `arrowcid.token ${server}`;

export function token(): string | undefined {
  return sessionStorage.getItem(slot) ?? undefined;
}

export function setToken(text: string | null): void {
  if (text) sessionStorage.setItem(slot, text);
  else sessionStorage.removeItem(slot);
}

/** A failure: what happened, and what the user can do. */
export class Trouble extends Error {
  constructor(readonly what: string, readonly advice: string, readonly wantsToken = false, readonly status = 0) {
    super(what);
  }
}

const SIGN_IN = 'Sign in with a token that may read. The local server\'s own token is in the file serve.token of its store.';

/** What is told of an error. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Trouble) return error;
  if (error instanceof CidError) {
    const status = Number(/^(\d{3}):/.exec(error.message)?.[1] ?? 0);
    if (status) return ofStatus(status, messageIn(error.message.slice(4).trim()));
    switch (error.code) {
      case 'hash':
        return new Trouble(`Refused: ${error.message}.`, 'Nothing of these bytes is shown. The operator can check the ' +
          'block with "arrowcid verify" and repair it from a copy.');
      case 'cid': return new Trouble(`${error.message}.`, 'Write a CID that begins with bafkrei or bafyrei, or @ and a name.');
      case 'size': return new Trouble(`${error.message}.`, 'Get it with "arrowcid get" or as Parquet: the browser holds ' +
        'smaller blocks only.');
      case 'crypto': return new Trouble(`${error.message}.`, 'Open the explorer by https, or on the server\'s own machine.');
      default: return new Trouble(`${error.message}.`, 'Look at the kind of the block under Details.');
    }
  }
  if (error instanceof DOMException && error.name === 'AbortError') return new Trouble('The request was canceled.', '');
  if (error instanceof TypeError && /fetch|network|load/i.test(error.message)) {
    return new Trouble(`${server} broke off or cannot be reached.`, 'Check that the server runs, then try again. A page ' +
      'of another origin reads blocks by CID only, unless the server lists that origin.');
  }
  return new Trouble(error instanceof Error ? error.message : String(error), 'Reload the page. If it happens again, ' +
    'report the message.');
}

function ofStatus(status: number, message: string): Trouble {
  const what = `${status}: ${message}`;
  switch (status) {
    case 400: return new Trouble(what, 'Correct what was typed.', false, status);
    case 401: return new Trouble(what, SIGN_IN, true, status);
    case 403: return new Trouble(what, 'Sign in with a token of a larger scope.', true, status);
    case 404: return new Trouble(what, 'Check the CID or name, or search for it.', false, status);
    case 410: return new Trouble(what, 'It was removed. Another version may be in the history of its name.', false, status);
    case 421: return new Trouble(what, 'Open the explorer by a name that the server knows.', false, status);
    case 429: case 503: return new Trouble(what, 'Wait a moment, then try again.', false, status);
    case 500: return new Trouble(what, 'Nothing of it is shown. The operator can check the block with "arrowcid verify" ' +
      'and repair it from a copy.', false, status);
    default: return new Trouble(what, 'Try again, or ask the operator of the server.', false, status);
  }
}

// Errors of the API are JSON, those of the gateway are text.
function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return text;
  }
}

export async function call(path: string, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
  const secret = token();
  if (secret) headers.authorization = `Bearer ${secret}`;
  const answer = await fetch(new URL(path, server), { headers, signal, cache: 'no-store', credentials: 'omit' });
  if (!answer.ok) throw ofStatus(answer.status, messageIn((await answer.text()).trim() || answer.statusText));
  return answer;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await call(path, signal)).json()) as T;
}

export async function getLines<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const text = await (await call(path, signal)).text();
  return text.split('\n').filter((line) => line.length > 0).map((line) => JSON.parse(line) as T);
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await call(path, signal)).text();
}

/** The path of a name below a route: each part of it is encoded. */
export function namePath(route: string, name: string): string {
  return `${route}/${encodeURIComponent(name)}`;
}

export interface ServerEvent {
  id: string;
  kind: string;
  data: string;
}

/** Server-sent events, with the token in a header, which EventSource cannot send. It connects again where it was. */
export async function* events(path: string, signal: AbortSignal, onState: (isConnected: boolean) => void):
    AsyncGenerator<ServerEvent> {
  let last = '', wait = 500;
  while (!signal.aborted) {
    try {
      const answer = await call(path, signal, { accept: 'text/event-stream', ...(last ? { 'last-event-id': last } : {}) });
      onState(true);
      wait = 500;
      for await (const event of parse(answer.body!)) {
        if (event.id) last = event.id;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      const trouble = troubleOf(error);
      if (trouble.status >= 400 && trouble.status !== 429 && trouble.status !== 503) throw trouble;
    }
    if (signal.aborted) return;
    onState(false);
    await pause(wait, signal);
    wait = Math.min(wait * 2, 10_000);
  }
}

async function* parse(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        const event: ServerEvent = { id: '', kind: 'message', data: '' };
        for (const line of rest.slice(0, end).split('\n')) {
          const colon = line.indexOf(':');
          if (colon < 1) continue;
          const text = line.slice(colon + 1).replace(/^ /, '');
          const field = line.slice(0, colon);
          if (field === 'id') event.id = text;
          else if (field === 'event') event.kind = text;
          else if (field === 'data') event.data += (event.data ? '\n' : '') + text;
        }
        rest = rest.slice(end + 2);
        if (event.data) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

export interface Entry {
  cid: string;
  schemaCid: string | null;
  rows: number;
  bytes: number;
  time: string | null;
  kind: string;
  batches?: number | null;
  dataBytes?: number;
  names: string[];
  isPinned: boolean;
  expires: string | null;
  producer: string | null;
  parents: string[];
  tags: Record<string, string>;
  json: unknown;
  locations: string[];
  signers?: string[];
  copies?: string[];
  dag?: string;
}

export interface NameLine {
  name: string;
  cid: string | null;
  time: string;
}

export interface Links {
  cid: string;
  schemaCid: string | null;
  parents: string[];
  children: string[];
  names: string[];
}
