import { readFileSync } from 'node:fs';
import koffi from 'koffi';

/** The file that is mapped where an array lies. */
export function mappedFile(array) {
  const address = koffi.address(array);
  const line = readFileSync('/proc/self/maps', 'utf8').split('\n').find(text => {
    const [start, end] = text.split(' ', 1)[0].split('-').map(digits => BigInt(`0x${digits || 0}`));
    return start <= address && address < end;
  });
  return line?.trim().split(/\s+/)[5];
}
