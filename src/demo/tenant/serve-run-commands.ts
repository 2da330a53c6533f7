import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { chunkLength } from '../../domain/fetch-script/fetch-commands';
import { type Answer, ArmError, type ArmRequest } from './answers';
import type { Guest, LeftScript } from './guest';
import { recordsOf } from './records';
import type { Resource } from './resources';
import { answerPlain, type Route } from './route';
import type { TenantState } from './tenant-state';

const any = /^20\d\d-\d\d-\d\d(-preview)?$/;
const machine =
  '/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Compute/(virtualMachines/[^/]+|virtualMachineScaleSets/[^/]+/virtualMachines/[^/]+)';

const maxOutput = 4096;

/** Routes for run commands. An action run command is only logged. Writing a managed one runs it, and logs the write. */
export const runCommandRoutes: Route[] = [
  {
    method: /^POST$/,
    path: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Compute\/virtualMachines\/[^/]+\/runCommand$/i,
    action: 'Microsoft.Compute/virtualMachines/runCommand/action',
    versions: any,
    answer: answerAction,
  },
  {
    method: /^(GET|PUT|DELETE)$/,
    path: new RegExp(`^${machine}/runCommands/[^/]+$`, 'i'),
    action: 'Microsoft.Compute/$machines/runCommands/*',
    versions: any,
    answer: (request, state) => {
      if (request.method === 'GET')
        return { status: 200, body: progressed(state.resources.get(request.path), state) };
      return request.method === 'PUT' ? write(request, state) : answerPlain(request, state, () => {});
    },
  },
  {
    method: /^GET$/,
    path: /\/virtualMachineScaleSets\/[^/]+\/virtualMachines\/[^/]+$/i,
    action: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read',
    versions: any,
    answer: (request, state) => ({ status: 200, body: state.resources.get(request.path) }),
  },
];

function answerAction({ path, callerId, body }: ArmRequest, state: TenantState): Answer {
  const { id: resourceId } = state.resources.get(path.replace(/\/runCommand$/i, ''));
  if (!(body as { commandId?: string } | null)?.commandId)
    throw new ArmError(400, 'InvalidParameter', 'Required parameter commandId is missing.');
  const caller = state.directory.get(callerId ?? '');
  if (!caller) throw new ArmError(403, 'AuthorizationFailed', 'The client is not in the directory.');
  const at = state.now();
  const name = 'Microsoft.Compute/virtualMachines/runCommand/action';
  for (const record of recordsOf({ name, resourceId, caller, at, tookMs: 1000 }, state.tenantId))
    state.log.push({ visibleAt: at, record });
  return { status: 200, body: { value: [{ code: 'ProvisioningState/succeeded', message: '' }] } };
}

function write(request: ArmRequest, state: TenantState): Answer {
  const machineId = request.path.replace(/\/runCommands\/[^/]+$/i, '');
  if (!state.resources.find(machineId))
    throw new ArmError(404, 'ParentResourceNotFound', `${machineId} is not found.`);
  const body = (request.body ?? {}) as Partial<Resource>;
  if (!body.location) throw new ArmError(400, 'LocationRequired', 'The location property is required.');
  const properties = {
    ...body.properties,
    provisioningState: 'Creating',
    instanceView: { executionState: 'Running', output: '' },
  };
  const { resource, created } = state.resources.put(request.path, { ...body, properties });
  const at = state.now();
  for (const record of recordsOf(
    {
      name: `Microsoft.Compute/${/ScaleSets/i.test(machineId) ? 'virtualMachineScaleSets/' : ''}virtualMachines/runCommands/write`,
      resourceId: request.path,
      caller: {
        id: request.callerId ?? state.botId,
        kind: 'ServicePrincipal',
        name: 'runwatch',
        login: state.botId,
      },
      at,
      tookMs: 1000,
    },
    state.tenantId,
  ))
    state.log.push({ visibleAt: at, record });
  return { status: created ? 201 : 200, body: resource };
}

/** The run command as it is now: the machine runs it after some reads. */
function progressed(resource: Resource, state: TenantState): Resource {
  const { properties } = resource;
  const view = (properties.instanceView ?? {}) as { executionState?: string };
  const { script = '' } = (properties.source ?? {}) as { script?: string };
  if (view.executionState !== 'Running' || !/^# Runwatch: /m.test(script)) return resource;
  const guest = state.guests.get(resource.id.replace(/\/runCommands\/[^/]+$/i, '').toLowerCase()) ?? {
    scripts: [],
  };
  if (guest.silent) return resource;
  if ((guest.reads ?? 0) > 0) {
    guest.reads = (guest.reads ?? 0) - 1;
    return resource;
  }
  const printed = printedBy(script, guest);
  const output = Buffer.from(guest.answer?.(printed) ?? printed)
    .subarray(-maxOutput)
    .toString('utf8');
  properties.provisioningState = 'Succeeded';
  properties.instanceView = { executionState: 'Succeeded', exitCode: 0, output, error: '' };
  return resource;
}

const numberIn = (script: string, name: string) =>
  Number(new RegExp(`^\\$?${name} ?= ?(\\d+)$`, 'm').exec(script)?.[1] ?? Number.NaN);

/** What our scripts print. Others print nothing. */
function printedBy(script: string, { scripts }: Guest): string {
  if (/lists the scripts of action run commands/.test(script)) {
    const lines = scripts
      .toSorted((a, b) => b.at - a.at)
      .map(({ run, at, text, version }) =>
        [run, Math.floor(at / 1000), Buffer.from(text).length, version ?? ''].join(' ').trim(),
      );
    return [`runwatch list ${scripts.length}`, ...lines.slice(0, 20), 'end', ''].join('\n');
  }
  const what = /reads the (script|output) of one action run command/.exec(script)?.[1];
  if (!what) return '';
  const version = /RunCommandWindows\\([\d.]+)\\/.exec(script)?.[1];
  const run = numberIn(script, 'run');
  const from = numberIn(script, 'from');
  const found = scripts.find((one) => one.run === run && one.version === version);
  const [content, first] = contentOf(found, what);
  const data = gzipSync(content).toString('base64');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const head = `runwatch ${what} ${run} ${from} ${content.length} ${first} ${sha256} ${data.length}`;
  return [head, data.slice(from, from + chunkLength), 'end', ''].join('\n');
}

function contentOf(found: LeftScript | undefined, what: string): [content: Buffer, first: number] {
  if (!found) return [Buffer.alloc(0), 0];
  if (what === 'script') {
    const text = Buffer.from(found.text).subarray(0, 262_144);
    return [text, text.length];
  }
  const { stdout = '', stderr = '' } = found;
  if (found.version === undefined) return [Buffer.from(stdout + stderr), Buffer.from(stdout).length];
  const part = (name: string, message: string) => ({
    name,
    status: 'success',
    formattedMessage: { lang: 'en-US', message },
  });
  const status = Buffer.from(
    JSON.stringify([
      { version: '1.0', status: { substatus: [part('StdOut', stdout), part('StdErr', stderr)] } },
    ]),
  );
  return [status, status.length];
}
