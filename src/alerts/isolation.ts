/** What cutting machines off changed, written down before each change so that release puts back exactly that. */
export interface Isolation {
  status: 'isolating' | 'isolated' | 'releasing' | 'released';
  machines: IsolatedMachine[];
  interfaces: IsolatedInterface[];
  /** An address range that stays allowed both ways, for forensics. */
  keep?: string | undefined;
}

export interface IsolatedMachine {
  id: string;
  name: string;
  /** The deny-all group that we attach; empty when the machine could not be read. */
  groupId: string;
  /** Why this one could not be cut off, while others were. */
  failed?: string | undefined;
}

export interface IsolatedInterface {
  id: string;
  machineId: string;
  /** The deny-all group that we attach. */
  groupId: string;
  /** Id of the security group that was attached before us; null when there was none. */
  before: string | null;
  cut: boolean;
  /** Release left it as it is, since somebody else had changed it. */
  left?: boolean;
  /** What somebody else attached instead of ours, while it was to be cut off; null is none. */
  drift?: string | null | undefined;
}

/** Interfaces that somebody opened by hand while they were to be cut off. */
export const drifted = ({ status, interfaces }: Isolation): IsolatedInterface[] =>
  status === 'isolated' ? interfaces.filter((nic) => nic.drift !== undefined) : [];
