import type { Config } from '../config';
import type { RoleDefinition } from '../alerts/roles';
export function createAzure(_config: Config) { return { roleDefinitions: async (_scope: string): Promise<RoleDefinition[]> => [] }; }
