// apache-arrow, which the page loads as its own file.

import type * as Package from 'apache-arrow';

const loaded = (globalThis as unknown as { Arrow: typeof Package }).Arrow;

export const { Type, tableFromIPC } = loaded;
export type { DataType, Field, Table, Vector } from 'apache-arrow';
