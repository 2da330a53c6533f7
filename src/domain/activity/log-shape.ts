import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RawEvent } from './read-identity';
import { type Bag, fieldOf } from './record-fields';

/** A format of Azure's activity log, defined in one file. */
export interface LogShape {
  /** The value for `replay --format`. */
  readonly id: string;
  /**
   * Whether a record has this shape. Runs for every record, so it must be cheap.
   * @param has checks for a field: first by exact name and, if no shape matches, by normalized name
   */
  readonly fits: (record: Bag, has: (name: string) => boolean) => boolean;
  /** The operation, without parsing the rest; null if the record has none. */
  readonly operation: (record: Bag) => string | null;
  readonly read: (record: Bag) => RawEvent;
}

const shapes = new Map<string, LogShape>();
let loaded = false;

/** Registers a shape. */
export function defineShape(shape: LogShape): void {
  shapes.set(shape.id, shape);
}

/** All shapes. Each file in the `shapes` folder defines one. */
export function allShapes(): readonly LogShape[] {
  if (!loaded) {
    loaded = true;
    const folder = join(__dirname, 'shapes');
    for (const file of readdirSync(folder).sort())
      if (/\.[jt]s$/.test(file) && !file.endsWith('.d.ts')) require(join(folder, file));
    list = [...shapes.values()];
  }
  if (list.length !== shapes.size) list = [...shapes.values()];
  return list;
}
let list: LogShape[] = [];

/** The shape of a record; null if unknown. */
export function shapeOf(record: unknown): LogShape | null {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return null;
  const r = record as Bag;
  const exact = (name: string) => r[name] !== undefined && r[name] !== null;
  const spelled = (name: string) => fieldOf(r, name) !== undefined;
  const fits = (has: (name: string) => boolean) => allShapes().find((shape) => shape.fits(r, has));
  return fits(exact) ?? fits(spelled) ?? null;
}
