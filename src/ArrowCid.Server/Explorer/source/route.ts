// The address of each view, after the # of the page: parts of a path, and parameters.

import { useEffect, useState } from 'preact/hooks';

export interface Route {
  parts: string[];
  query: URLSearchParams;
}

export function link(parts: string[], query: Record<string, string> = {}): string {
  const path = parts.map(encodeURIComponent).join('/');
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  return `#/${path}${given.size > 0 ? `?${given}` : ''}`;
}

export function go(parts: string[], query: Record<string, string> = {}): void {
  location.hash = link(parts, query);
}

/** Changes the parameters of the view without a new step of the history. */
export function replace(parts: string[], query: Record<string, string>): void {
  history.replaceState(null, '', `${location.pathname}${location.search}${link(parts, query)}`);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

function read(): Route {
  // Links of the form /?cid=… are older than the explorer.
  const asked = new URLSearchParams(location.search).get('cid');
  const text = location.hash.slice(1) || (asked ? `/data/${encodeURIComponent(asked.trim())}` : '/');
  const [path, query] = [text.split('?', 1)[0]!, text.slice(text.split('?', 1)[0]!.length + 1)];
  return { parts: path.split('/').filter((part) => part.length > 0).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const changed = () => setRoute(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}
