import type { Inline } from './inline';

/** A section of a person's home page. */
export interface HomePart {
  heading: string;
  rows: HomeRow[];
  /** Shown if there are no rows. */
  none: string;
  /** How many entries there are beyond `rows`. */
  more: number;
}

export interface HomeRow {
  line: Inline[];
  actions: HomeAction[];
}

/** A button below a row. */
export interface HomeAction {
  /** The action's id. */
  id: string;
  label: string;
  /** The id of the alert or exception. */
  value: string;
  confirm?: { title: string; text: string; yes: string };
}
