import { phrase } from '../../text/translate';
import type { Technique } from '../technique';
import { automationAccount } from './machine-types';

const jobs = [
  'Microsoft.Automation/automationAccounts/jobs/write',
  'Microsoft.Automation/automationAccounts/runbooks/draft/testJob/write',
];

const runbookChanges = [
  'Microsoft.Automation/automationAccounts/runbooks/write',
  'Microsoft.Automation/automationAccounts/runbooks/draft/write',
  'Microsoft.Automation/automationAccounts/runbooks/publish/action',
  'Microsoft.Automation/automationAccounts/webhooks/write',
];

const otherAutomation = [
  'Microsoft.Automation/automationAccounts/sourceControls/write',
  'Microsoft.Automation/automationAccounts/hybridRunbookWorkerGroups/write',
  'Microsoft.Automation/automationAccounts/hybridRunbookWorkerGroups/hybridRunbookWorkers/write',
  'Microsoft.Automation/automationAccounts/configurations/write',
  'Microsoft.Automation/automationAccounts/compilationjobs/write',
];

const policyChanges = [
  'Microsoft.PolicyInsights/remediations/write',
  'Microsoft.GuestConfiguration/guestConfigurationAssignments/write',
];

const unseenServices = [
  'Microsoft.HDInsight/clusters/executeScriptActions/action',
  'Microsoft.VirtualMachineImages/imageTemplates/write',
  'Microsoft.MachineLearningServices/workspaces/computes/write',
  'Microsoft.Batch/batchAccounts/pools/write',
];

/**
 * Services that run code on machines, or on compute of their own. MITRE ATT&CK: T1053 Scheduled Task/Job; T1648
 * Serverless Execution; T1609 Container Administration Command; T1530 Data from Cloud Storage.
 */
export const services: readonly Technique[] = [
  {
    id: 'automation',
    title: phrase('Automation'),
    verb: phrase('ran or changed automation'),
    infinitive: phrase('run or change automation'),
    baseScore: 40,
    mitre: ['T1053', 'T1648'],
    targets: [automationAccount],
    script: { where: 'unknown' },
    operations: [...jobs, ...runbookChanges, ...otherAutomation],
    offByDefault: [...runbookChanges, ...otherAutomation],
    check: { reads: 'job', operations: jobs, waived: true },
    unconfirmed: ['Microsoft.Automation/automationAccounts/runbooks/draft/testJob/write', ...otherAutomation],
  },
  {
    id: 'deployment-script',
    title: phrase('Deployment script'),
    verb: phrase('ran a deployment script'),
    infinitive: phrase('run a deployment script'),
    baseScore: 40,
    mitre: ['T1648'],
    targets: [],
    script: { where: 'unknown' },
    offByDefault: 'all',
    operations: ['Microsoft.Resources/deploymentScripts/write'],
    unconfirmed: ['Microsoft.Resources/deploymentScripts/write'],
  },
  {
    id: 'policy',
    title: phrase('Policy remediation'),
    verb: phrase('had a policy change resources'),
    infinitive: phrase('have a policy change resources'),
    baseScore: 35,
    mitre: ['T1651'],
    targets: [],
    script: { where: 'unknown' },
    offByDefault: 'all',
    operations: ['Microsoft.Authorization/policies/deployIfNotExists/action', ...policyChanges],
    unconfirmed: policyChanges,
  },
  {
    id: 'maintenance',
    title: phrase('Maintenance configuration'),
    verb: phrase('assigned a maintenance configuration'),
    infinitive: phrase('assign a maintenance configuration'),
    baseScore: 35,
    mitre: ['T1053'],
    targets: [],
    script: { where: 'unknown' },
    offByDefault: 'all',
    operations: ['Microsoft.Maintenance/configurationAssignments/write'],
    unconfirmed: ['Microsoft.Maintenance/configurationAssignments/write'],
  },
  {
    id: 'other-compute',
    title: phrase('Code on other compute'),
    verb: phrase('ran or configured code'),
    infinitive: phrase('run or configure code'),
    baseScore: 40,
    mitre: ['T1609', 'T1648'],
    targets: [],
    script: { where: 'unknown' },
    offByDefault: 'all',
    operations: [
      'Microsoft.ContainerInstance/containerGroups/containers/exec/action',
      'Microsoft.Web/sites/hostruntime/host/action',
      ...unseenServices,
    ],
    unconfirmed: unseenServices,
  },
  {
    id: 'disk-access',
    title: phrase('Disk access'),
    verb: phrase('opened access to stored data'),
    infinitive: phrase('open access to stored data'),
    baseScore: 40,
    mitre: ['T1530'],
    targets: [],
    script: { where: 'unknown' },
    account: 'none',
    offByDefault: 'all',
    timelineOnly: true,
    operations: [
      'Microsoft.Compute/disks/beginGetAccess/action',
      'Microsoft.Compute/snapshots/beginGetAccess/action',
      'Microsoft.Network/bastionHosts/createshareablelinks/action',
      'Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action',
    ],
  },
];
