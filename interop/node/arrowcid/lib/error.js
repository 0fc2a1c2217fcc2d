/** What the library says went wrong: `code` for programs, such as `'BLOCK_CORRUPT'`, `message` for people. */
export class ArrowCidError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
ArrowCidError.prototype.name = 'ArrowCidError';
