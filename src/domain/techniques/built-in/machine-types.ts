/** ARM types that code can run on. */
export const vm = 'Microsoft.Compute/virtualMachines';
export const scaleSet = 'Microsoft.Compute/virtualMachineScaleSets';
export const instance = `${scaleSet}/virtualMachines`;
export const arc = 'Microsoft.HybridCompute/machines';
export const vmware = 'Microsoft.ConnectedVMwarevSphere/virtualMachines';
export const cluster = 'Microsoft.ContainerService/managedClusters';
export const automationAccount = 'Microsoft.Automation/automationAccounts';
export const labMachine = 'Microsoft.DevTestLab/labs/virtualMachines';

export const computeVersion = '2024-07-01';
export const arcVersion = '2024-07-10';
export const vmwareVersion = '2022-01-10-preview';
