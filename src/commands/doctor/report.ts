export interface Check {
  name: string;
  ok: boolean;
  /** True when the product works without it, with less. */
  optional?: boolean;
  says: string;
  /** A command or a setting that mends it. */
  fix?: string;
}

export type Report = (check: Check) => void;
