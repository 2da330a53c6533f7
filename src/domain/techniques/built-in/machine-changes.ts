import { phrase } from '../../text/translate';
import {
  applicationVersionScript,
  attachedApplications,
  extensionScript,
  userDataScript,
} from '../stored-script';
import type { StoredResource, Technique } from '../technique';
import {
  arc,
  arcVersion,
  computeVersion,
  instance,
  scaleSet,
  vm,
  vmware,
  vmwareVersion,
} from './machine-types';

const extensionOf = (machine: string, apiVersion = computeVersion): StoredResource => ({
  type: `${machine}/extensions`,
  apiVersion,
  expand: 'instanceView',
  read: extensionScript,
});

const machineWith = (read: StoredResource['read']): StoredResource[] =>
  [vm, scaleSet, instance].map((type) => ({ type, apiVersion: computeVersion, expand: 'userData', read }));

const machineWrites = [
  'Microsoft.Compute/virtualMachines/write',
  'Microsoft.Compute/virtualMachineScaleSets/write',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/write',
];

/**
 * Changes of a machine that run code on it. MITRE ATT&CK: T1651 Cloud Administration Command; T1037 Boot or Logon
 * Initialization Scripts.
 */
export const machineChanges: readonly Technique[] = [
  {
    id: 'vm-extension',
    title: phrase('Extension'),
    verb: phrase('installed or changed an extension'),
    infinitive: phrase('install or change an extension'),
    baseScore: 40,
    mitre: ['T1651'],
    targets: [vm, scaleSet, instance, arc, vmware],
    script: {
      where: 'resource',
      resources: [
        extensionOf(vm),
        extensionOf(scaleSet),
        extensionOf(instance),
        extensionOf(arc, arcVersion),
        extensionOf(vmware, vmwareVersion),
      ],
    },
    operations: [
      'Microsoft.Compute/virtualMachines/extensions/write',
      'Microsoft.Compute/virtualMachineScaleSets/extensions/write',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write',
      'Microsoft.HybridCompute/machines/extensions/write',
      'Microsoft.ConnectedVMwarevSphere/VirtualMachines/Extensions/Write',
    ],
    unconfirmed: [
      'Microsoft.HybridCompute/machines/extensions/write',
      'Microsoft.ConnectedVMwarevSphere/VirtualMachines/Extensions/Write',
    ],
  },
  {
    id: 'gallery-application',
    title: phrase('Gallery application'),
    verb: phrase('published or attached an application'),
    infinitive: phrase('publish or attach an application'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [],
    script: {
      where: 'resource',
      resources: [
        {
          type: 'Microsoft.Compute/galleries/applications/versions',
          apiVersion: '2023-07-03',
          read: applicationVersionScript,
        },
        ...machineWith(attachedApplications),
      ],
    },
    operations: ['Microsoft.Compute/galleries/applications/versions/write'],
  },
  {
    id: 'user-data',
    title: phrase('User data'),
    verb: phrase('changed the user data'),
    infinitive: phrase('change the user data'),
    baseScore: 47,
    mitre: ['T1037'],
    targets: [vm, scaleSet, instance],
    script: { where: 'resource', resources: machineWith(userDataScript) },
    account: 'none',
    operations: machineWrites,
    check: { reads: 'machine', operations: machineWrites, orElse: ['gallery-application'] },
    unconfirmed: ['Microsoft.Compute/virtualMachineScaleSets/virtualMachines/write'],
  },
];
