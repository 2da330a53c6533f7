/** Where a file could not be read; line and column count from 1. */
export interface BrokenPlace {
  line: number;
  column: number;
  what: string;
}

const mostPlaces = 100;

/** What of a file could not be read, after all that could. */
export class BrokenFileError extends Error {
  readonly code = 'FILE_BROKEN';
  readonly line: number;
  readonly column: number;
  constructor(
    /** In order; those beyond the first hundred are counted only. */
    readonly places: readonly BrokenPlace[],
    readonly count: number,
  ) {
    super(places[0]?.what ?? '');
    this.line = places[0]?.line ?? 1;
    this.column = places[0]?.column ?? 1;
  }
}

/** Collects the places; memory is bounded. */
export function brokenPlaces() {
  const places: BrokenPlace[] = [];
  let count = 0;
  return {
    add(place: BrokenPlace): void {
      count++;
      if (places.length < mostPlaces) places.push(place);
    },
    /** @throws {BrokenFileError} when there are any */
    raise(): void {
      if (count > 0) throw new BrokenFileError(places, count);
    },
  };
}
