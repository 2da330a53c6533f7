/**
 * Azure's clients. Each is loaded when it is first used: together they take 40 MB of memory, and a bot without
 * alerts needs two of them.
 */
export const sdk = {
  authorization: () => require('@azure/arm-authorization') as typeof import('@azure/arm-authorization'),
  compute: () => require('@azure/arm-compute') as typeof import('@azure/arm-compute'),
  locks: () => require('@azure/arm-locks') as typeof import('@azure/arm-locks'),
  monitor: () => require('@azure/arm-monitor') as typeof import('@azure/arm-monitor'),
  network: () => require('@azure/arm-network') as typeof import('@azure/arm-network'),
  resources: () => require('@azure/arm-resources') as typeof import('@azure/arm-resources'),
  subscriptions: () =>
    require('@azure/arm-resources-subscriptions') as typeof import('@azure/arm-resources-subscriptions'),
};
