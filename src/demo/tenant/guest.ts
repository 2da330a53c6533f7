/** A file that an action run command left on a machine. */
export interface LeftScript {
  run: number;
  /** Of the Windows extension. */
  version?: string;
  /** When it was written, ms. */
  at: number;
  text: string | Buffer;
  stdout?: string;
  stderr?: string;
}

/** What runs on a machine: its files, and how it answers our run commands. */
export interface Guest {
  scripts: LeftScript[];
  /** How many reads of a run command find it still running. */
  reads?: number;
  /** Never answers, like a machine that can't reach Azure. */
  silent?: boolean;
  /** Changes the answer, like a machine that lies. */
  answer?: (output: string) => string;
}
