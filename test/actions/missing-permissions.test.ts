import { missingPermissions } from '../../src/actions/missing-permissions';
import { createAzure } from '../../src/azure/azure';
import { messageOf } from '../../src/chat/message';
import { allModal } from '../../src/chat/slack/all-modal';
import { toAllCard } from '../../src/chat/teams/dialog-cards';
import { botToken, startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { assign, populateTenant, roleIds, subscriptions } from '../../src/demo/world';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { untouched } from '../support/alerts';
import { event } from '../support/event';

const scope = `/subscriptions/${subscriptions.payments}`;

let tenant: Tenant;
beforeEach(async () => {
  tenant = await startTenant({ token: botToken });
  populateTenant(tenant);
});
afterEach(() => tenant.stop());

const azure = () =>
  createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca } },
  );
const resourceId = `${scope}/resourceGroups/rg-payments/providers/Microsoft.Compute/virtualMachines/vm-pay-01`;
const alert = newAlert('RW-1', [executionFrom(event({ resourceId })) as Execution], '2026-11-20T10:00:00Z');
const view = untouched({ ...alert, announced: true });
const grant = (role: string, at: string) =>
  assign(tenant, at, role, tenant.state.botId, 'ServicePrincipal', '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7ff');

test('names what the bot lacks for an action on this machine, in Slack and in Teams', async () => {
  grant(roleIds.vmContributor, `${scope}/resourceGroups/rg-payments`);
  const missing = await missingPermissions(view, azure());
  const lacking = 'Microsoft.Network/networkSecurityGroups/write';
  expect(missing?.isolate).toContain(lacking);
  expect(missing?.deallocate).toEqual([]);
  expect(missing?.acknowledge).toEqual([]);
  expect(missing?.disable_caller?.[0]).toMatch(/ \(Microsoft Graph\)$/);
  const { actions } = messageOf(view, { responders: true, now: 0 }).page();
  const slack = JSON.stringify(allModal({ action: 'all', alertId: 'RW-1', channel: 'C1' }, actions, missing));
  const teams = JSON.stringify(toAllCard(actions, 'RW-1', missing));
  for (const shown of [slack, teams]) expect(shown).toMatch(/The bot lacks Microsoft\.Network/);
});

test('with every permission, nothing is said', async () => {
  grant(roleIds.owner, scope);
  const missing = await missingPermissions(view, azure());
  expect(missing?.isolate).toEqual([]);
  expect(missing?.snapshot).toEqual([]);
});

test('what cannot be told is said, not guessed', async () => {
  expect(await missingPermissions(view, azure())).toBeNull();
  const { actions } = messageOf(view, { responders: true, now: 0 }).page();
  const shown = JSON.stringify(allModal({ action: 'all', alertId: 'RW-1', channel: 'C1' }, actions, null));
  expect(shown).toContain('permissions could not be checked');
  expect(shown).not.toContain('The bot lacks');
});
