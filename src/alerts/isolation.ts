/** What cutting a machine off changed, written down before each change so that release puts back exactly that. */
export interface Isolation {
  status: 'isolating' | 'isolated' | 'releasing' | 'released';
  machineId: string;
  /** The deny-all group that we attach. */
  groupId: string;
  interfaces: IsolatedInterface[];
}

export interface IsolatedInterface {
  id: string;
  /** Id of the security group that was attached before us; null when there was none. */
  before: string | null;
  cut: boolean;
  /** Release left it as it is, since somebody else had changed it. */
  left?: boolean;
}
