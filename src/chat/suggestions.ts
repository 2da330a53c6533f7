/** An option of a select that completes what a person types. */
export interface Suggestion {
  value: string;
  text: string;
}

/** caller: who ran commands. scope: a machine or a subscription. alert: an open alert. */
export type SuggestionKind = 'caller' | 'scope' | 'alert';

export interface Suggestions {
  /** At most 100 options that contain every typed word, the latest first. */
  suggest: (kind: SuggestionKind, typed: string) => Promise<Suggestion[]>;
  /** The ARM id of a suggested scope; null if it is no longer known. */
  scopeOf: (value: string) => Promise<string | null>;
}
