import { factsOf } from '../../../src/chat/fact-lines';
import { newAlert, summarize } from '../../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { extensionKind, extensionTypeIn } from '../../../src/domain/techniques/extension-kind';
import { factsAbout } from '../../support/alerts';
import { event, vm } from '../../support/event';

test.each([
  ['Microsoft.Compute', 'CustomScriptExtension', /custom script/],
  ['microsoft.azure.extensions', 'customscript', /custom script/],
  ['Microsoft.OSTCExtensions', 'VMAccessForLinux', /resets a password/],
  ['Microsoft.Compute', 'VMAccessAgent', /resets a password/],
  ['Microsoft.Powershell', 'DSC', /DSC/],
  ['Chef.Bootstrap.WindowsAzure', 'LinuxChefClient', /Chef/],
  ['SaltStack', 'Minion', /Salt/],
  ['Microsoft.Azure.Automation.HybridWorker', 'HybridWorkerForLinux', /hybrid worker/],
  ['Microsoft.Azure.Monitor', 'AzureMonitorLinuxAgent', /^agent$/],
  ['Microsoft.CPlat.Core', 'RunCommandHandlerLinux', /run command/],
])('%s.%s is told by publisher and type', (publisher, type, name) => {
  expect(extensionKind({ publisher, type })?.name).toMatch(name);
});

test.each([
  ['Contoso', 'CustomScriptExtension'],
  ['Microsoft.Compute.Evil', 'VMAccessAgent2'],
])('%s.%s is unknown', (publisher, type) => {
  expect(extensionKind({ publisher, type })).toBeNull();
});

const body = (properties: unknown) => JSON.stringify({ location: 'westeurope', properties });

test.each([[null], ['{'], [body(null)], [body({ publisher: 1, type: 'x' })], ['[]']])(
  '%s names no extension',
  (given) => {
    expect(extensionTypeIn(given)).toBeNull();
  },
);

const write = (more: Partial<Execution> = {}) =>
  ({
    ...executionFrom(
      event({
        operation: 'Microsoft.Compute/virtualMachines/extensions/write',
        resourceId: `${vm}/extensions/CustomScript`,
        status: 'succeeded',
      }),
    ),
    ...more,
  }) as Execution;

const alertOf = (execution: Execution, extension?: { publisher: string; type: string } | null) => {
  const alert = newAlert('RW-1', [execution], execution.startedAt);
  return extension === undefined ? alert : { ...alert, facts: factsAbout(execution, { run: { extension } }) };
};
const lineOf = (alert: ReturnType<typeof alertOf>) =>
  JSON.stringify(factsOf(alert, Date.now()).find(({ label }) => label === 'Extension')?.value);

test('VMAccess is a password or key reset, whatever its name is', () => {
  const access = { publisher: 'Microsoft.OSTCExtensions', type: 'VMAccessForLinux' };
  const alert = alertOf(write(), access);
  expect(summarize(alert).technique).toMatchObject({
    id: 'vm-extension',
    title: 'Password or key reset',
    mitre: ['T1098'],
  });
  const logged = alertOf(write({ requestBody: body(access) }));
  expect(summarize(logged).technique.mitre).toEqual(['T1098']);
  expect(lineOf(logged)).toContain('VMAccess');
});

test('unknown and unread extensions say so', () => {
  expect(lineOf(alertOf(write(), { publisher: 'Contoso', type: 'Tool' }))).toContain(
    'of an unknown kind (Contoso.Tool)',
  );
  expect(lineOf(alertOf(write(), null))).toContain('unknown: publisher and type');
  expect(lineOf(alertOf(write({ refused: true })))).toBeUndefined();
});

test('the requests of a burst are read once, however often it is summarized', () => {
  let reads = 0;
  const first = write();
  const executions = Array.from({ length: 50 }, (_, i) => ({
    ...first,
    key: `${i}`,
    get requestBody() {
      reads++;
      return body({ publisher: 'Microsoft.Compute', type: 'VMAccessAgent' });
    },
  }));
  const alert = newAlert('RW-1', executions, first.startedAt);
  for (let i = 0; i < 20; i++) expect(summarize(alert).technique.title).toBe('Password or key reset');
  expect(reads).toBeLessThanOrEqual(100);
});
