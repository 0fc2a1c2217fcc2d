// Parts that every view uses: proofs, troubles, links of blocks, and loading.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { troubleOf, type Trouble } from './api';
import { link } from './route';

/** Whether what is shown was proved here, or is the server's word. */
export function Proof({ is, title }: { is: 'proved' | 'said' | 'refused'; title?: string }) {
  const text = { proved: 'Proved', said: 'Said by the server', refused: 'Refused' }[is];
  const hint = title ?? {
    proved: 'The bytes were hashed in this browser, and the hash is the digest in the CID.',
    said: 'The server says so; it cannot be proved from a CID.',
    refused: 'The check failed.',
  }[is];
  return <span class={`proof ${is}`} title={hint}><span aria-hidden="true">{{ proved: '✓', said: '?', refused: '✗' }[is]}</span> {text}</span>;
}

export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const trouble: Trouble = troubleOf(error);
  const box = useRef<HTMLDivElement>(null);
  return (
    <div class="trouble" role="alert" ref={box}>
      <p><strong>{trouble.what}</strong></p>
      {trouble.advice && <p>{trouble.advice}</p>}
      <p class="actions">
        {trouble.wantsToken && <a class="button" href={link(['sign-in'], { back: location.hash })}>Sign in</a>}
        {again && <button type="button" onClick={again}>Try again</button>}
      </p>
    </div>
  );
}

export function Busy({ children }: { children: ComponentChildren }) {
  return <p class="busy" role="status">{children}</p>;
}

export function shortCid(cid: string): string {
  return cid.length > 22 ? `${cid.slice(0, 12)}…${cid.slice(-6)}` : cid;
}

export function CidLink({ cid, view }: { cid: string; view?: string }) {
  return <a class="cid" title={cid} href={link(view ? ['data', cid, view] : ['data', cid])}>{shortCid(cid)}</a>;
}

export function Copy({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return <button type="button" class="small" onClick={() => void copy().catch(() => undefined)}>{isCopied ? 'Copied' : 'Copy'}</button>;
}

export function Time({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{at.replace('T', ' ').replace(/\.\d+Z$/, '').replace('Z', '')}</time> : <span>–</span>;
}

export type Loaded<T> = { value?: T; error?: unknown; again: () => void };

/** Loads something when its keys change, and cancels what it no longer needs. */
export function useLoad<T>(keys: unknown[], load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ value?: T; error?: unknown }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const ends = new AbortController();
    setState({});
    load(ends.signal).then(
      (value) => ends.signal.aborted || setState({ value }),
      (error: unknown) => ends.signal.aborted || setState({ error }));
    return () => ends.abort();
  }, [...keys, turn]);
  return { ...state, again: () => setTurn(turn + 1) };
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – ArrowCid explorer`;
  }, [title]);
}
