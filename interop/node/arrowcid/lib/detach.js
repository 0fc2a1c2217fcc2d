// Detaching an ArrayBuffer whose memory is not V8's own.
//
// Node.js lends such buffers out as not transferable, so that structuredClone copies them and does not detach. V8 can
// detach them by its own %ArrayBufferDetach, which a function may name that was compiled while V8's flag for it was set.
// Where that is not to be had, `detach` is null, and memory is given back when its last ArrayBuffer was collected.

import v8 from 'node:v8';

const flag = '--allow-natives-syntax';

function compile() {
  const isSet = process.execArgv.includes(flag);
  try {
    v8.setFlagsFromString(flag);
    const detach = new Function('buffer', '%ArrayBufferDetach(buffer)');
    const probe = new ArrayBuffer(8);
    detach(probe); // compiles it
    return probe.byteLength === 0 ? detach : null;
  } catch {
    return null;
  } finally {
    if (!isSet) v8.setFlagsFromString(`--no-${flag.slice(2)}`);
  }
}

/** Detaches a buffer: its length, and that of every array over it, is 0 from then on. */
export const detach = compile();
