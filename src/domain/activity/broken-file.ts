/** A place in a file that could not be parsed. Line and column count from 1. */
export interface BrokenPlace {
  line: number;
  column: number;
  what: string;
}

const maxPlaces = 100;

/** The unreadable places of a file. Thrown after everything readable was processed. */
export class BrokenFileError extends Error {
  readonly code = 'FILE_BROKEN';
  readonly line: number;
  readonly column: number;
  constructor(
    /** In file order. Places after the first hundred are only counted. */
    readonly places: readonly BrokenPlace[],
    readonly count: number,
  ) {
    super(places[0]?.what ?? '');
    this.line = places[0]?.line ?? 1;
    this.column = places[0]?.column ?? 1;
  }
}

/** Collects unreadable places in bounded memory. */
export function brokenPlaces() {
  const places: BrokenPlace[] = [];
  let count = 0;
  return {
    add(place: BrokenPlace): void {
      count++;
      if (places.length < maxPlaces) places.push(place);
    },
    /** @throws {BrokenFileError} if there are any */
    raise(): void {
      if (count > 0) throw new BrokenFileError(places, count);
    },
  };
}
