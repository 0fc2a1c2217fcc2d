// Signed statements, verified with WebCrypto.

import { readCid } from '../modules/arrowcid.mjs';
import { verifyStatement } from '../modules/signing.mjs';
import { getLines } from './api';

interface Line {
  statement: string;
  state: string;
  fault?: string;
  block?: string;
  cose?: string;
  key?: string;
  time?: string;
  name?: string | null;
  says?: Record<string, string>;
}

export interface Statement {
  cid: string;
  key: string;
  time: string | null;
  name: string | null;
  says: Record<string, string>;
  /** proved: the signature was verified here, and is about this block. */
  state: 'proved' | 'said' | 'refused';
  why: string;
}

export async function statementsOf(cid: string, signal: AbortSignal): Promise<Statement[]> {
  const lines = await getLines<Line>(`/v1/blocks/${cid}/statements`, signal);
  return Promise.all(lines.map((line) => check(cid, line)));
}

async function check(cid: string, line: Line): Promise<Statement> {
  const said = { cid: line.statement, key: line.key ?? 'unknown key', time: line.time ?? null, name: line.name ?? null, says: line.says ?? {} };
  if (!line.block || !line.cose || !line.key?.startsWith('p256:')) {
    return { ...said, state: 'said', why: line.fault ?? `The server says that it is ${line.state}; a browser cannot check it.` };
  }
  try {
    const proved = await verifyStatement(bytesOf(line.block), bytesOf(line.cose));
    const digest = readCid(cid).digest;
    const subject = proved.subject.subarray(-digest.length);
    if (subject.length !== digest.length || subject.some((byte: number, i: number) => byte !== digest[i])) {
      return { ...said, state: 'refused', why: 'The statement is about another block.' };
    }
    return {
      cid: line.statement, key: proved.key, time: proved.time.toISOString(), name: proved.name as string | null,
      says: proved.says as Record<string, string>, state: 'proved',
      why: 'The signature was verified in this browser. Whether to trust the key is for you to decide.',
    };
  } catch (error) {
    return { ...said, state: 'refused', why: `The signature does not hold: ${(error as Error).message}.` };
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
}
