import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RawEvent } from './read-identity';
import { type Bag, fieldOf } from './record-fields';

/** One shape in which Azure's activity log reaches people. One object in one file. */
export interface LogShape {
  /** As `replay --format` takes it. */
  readonly id: string;
  /**
   * Is it a record of this shape? Asked of every record, so it must be cheap.
   * @param has tells whether it has a field: first by the exact name, and where no shape fits so, however it is spelled
   */
  readonly fits: (record: Bag, has: (name: string) => boolean) => boolean;
  /** The operation, without reading the rest; null when the record names none. */
  readonly operation: (record: Bag) => string | null;
  readonly read: (record: Bag) => RawEvent;
}

const shapes = new Map<string, LogShape>();
let loaded = false;

/** Adds a shape, at its file's loading or later. */
export function defineShape(shape: LogShape): void {
  shapes.set(shape.id, shape);
}

/** Every file of the folder beside this one defines a shape. */
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

/** The shape of one record; null when it is none that we know. */
export function shapeOf(record: unknown): LogShape | null {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return null;
  const r = record as Bag;
  const exact = (name: string) => r[name] !== undefined && r[name] !== null;
  const spelled = (name: string) => fieldOf(r, name) !== undefined;
  const fits = (has: (name: string) => boolean) => allShapes().find((shape) => shape.fits(r, has));
  return fits(exact) ?? fits(spelled) ?? null;
}
