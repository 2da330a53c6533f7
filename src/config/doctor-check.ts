/** One check of `runwatch doctor`. */
export interface Check {
  name: string;
  /** Its section in docs/doctor.md, as in the section's address. */
  topic: string;
  ok: boolean;
  /** True if the product works without it, with fewer features. */
  optional?: boolean;
  says: string;
  /** A command or setting that fixes it. */
  fix?: string;
}

export type Report = (check: Check) => void;
