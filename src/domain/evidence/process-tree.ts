import type { Connection, ProcessOrigin, ProcessStart, ShownConnection } from './guest';

/** The handlers of action and managed run commands and of the custom script extension. */
const handler =
  /^(?:run-command-(?:extension|handler)|immediate-run-command-handler|custom-script-extension)(?:-arm64)?$|^(?:RunCommandExtension|RunCommandHandler|CustomScriptHandler)\.exe$/i;
/** A shell that runs a handler's script, not one that only names it, as an analyst's does. */
const runsScript =
  /^["']?(?:\S*\/)?(?:ba|da)?sh["']?(?: -c)? ["']?\/var\/lib\/waagent\/(?:run-command|run-command-handler|custom-script)\/\S+|^["']?\S*powershell(?:\.exe)?["']? .{0,200}-File ["']?\S*\\(?:Microsoft\.CPlat\.Core\.RunCommand|Microsoft\.Compute\.CustomScriptExtension)/i;
const guestAgent = /^(?:waagent|(?:WaAppAgent|WindowsAzureGuestAgent)\.exe)$/i;
const guestAgentCommand = /(?:^|[\s/])waagent -|WALinuxAgent-\S+\.egg -/;

export interface TreeNode {
  start: ProcessStart;
  depth: number;
  origin: ProcessOrigin;
}

const rank: Record<ProcessOrigin, number> = { command: 0, agent: 1, other: 2 };

/** The processes as a tree, flat: a parent, its children, then the next. What Azure's command started is first. Pure. */
export function treeOf(given: readonly ProcessStart[]): TreeNode[] {
  const starts = withoutDuplicates(given);
  const children = new Map<ProcessStart | null, ProcessStart[]>();
  const lastByPid = new Map<number, ProcessStart>();
  for (const start of starts) {
    const known = start.parentPid === null ? undefined : lastByPid.get(start.parentPid);
    const parent = known && isParent(known, start) ? known : null;
    children.set(parent, [...(children.get(parent) ?? []), start]);
    if (start.pid !== null) lastByPid.set(start.pid, start);
  }
  const nodes: TreeNode[] = [];
  const add = (start: ProcessStart, depth: number, above: ProcessOrigin) => {
    const own = originOf(start);
    const origin = rank[own] < rank[above] ? own : above;
    nodes.push({ start, depth, origin });
    for (const child of children.get(start) ?? []) add(child, depth + 1, origin);
  };
  for (const root of children.get(null) ?? []) add(root, 0, 'other');
  return inGroups(nodes);
}

/** Process ids are reused, so the names must fit where both are known. */
const isParent = (parent: ProcessStart, child: ProcessStart) =>
  child.parentName === '' || bare(parent.name) === bare(child.parentName);

function originOf({ name, commandLine, parentName, parentCommandLine }: ProcessStart): ProcessOrigin {
  const isCommand =
    handler.test(name) ||
    handler.test(parentName) ||
    runsScript.test(parentCommandLine) ||
    (parentName === '' && runsScript.test(commandLine));
  if (isCommand) return 'command';
  return guestAgent.test(parentName) || guestAgentCommand.test(parentCommandLine) ? 'agent' : 'other';
}

/** Whole trees, those with the command's processes first, oldest first. */
function inGroups(nodes: readonly TreeNode[]): TreeNode[] {
  const trees: { nodes: TreeNode[]; rank: number }[] = [];
  for (const node of nodes) {
    if (node.depth === 0) trees.push({ nodes: [], rank: rank.other });
    const tree = trees.at(-1);
    if (!tree) continue;
    tree.nodes.push(node);
    tree.rank = Math.min(tree.rank, rank[node.origin]);
  }
  return trees.sort((a, b) => a.rank - b.rank).flatMap((tree) => tree.nodes);
}

const sameMs = 2000;

/** One process is often in several tables. The one that tells most is kept. Oldest first. */
function withoutDuplicates(given: readonly ProcessStart[]): ProcessStart[] {
  const kept: ProcessStart[] = [];
  const byKey = new Map<string, number>();
  for (const start of [...given].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const key = `${start.pid} ${bare(start.name)}`;
    const index = start.pid === null ? undefined : byKey.get(key);
    const known = index === undefined ? undefined : kept[index];
    if (index === undefined || !known || Date.parse(start.at) - Date.parse(known.at) > sameMs) {
      byKey.set(key, kept.push(start) - 1);
    } else if (toldBy(start) > toldBy(known)) kept[index] = { ...start, at: known.at };
  }
  return kept;
}

const toldBy = ({ commandLine, parentPid, parentName, parentCommandLine }: ProcessStart) =>
  [commandLine, parentName, parentCommandLine, parentPid].filter((field) => field !== '' && field !== null)
    .length;

const bare = (name: string) => name.toLowerCase().replace(/\.exe$/, '');

/** Connections to the same place by the same program as one, those of the command first. Pure. */
export function placesOf(connections: readonly Connection[], tree: readonly TreeNode[]): ShownConnection[] {
  const ofCommand = new Set(
    tree.filter(({ origin }) => origin === 'command').map(({ start }) => `${start.pid} ${bare(start.name)}`),
  );
  const places = new Map<string, ShownConnection>();
  for (const { at, process, pid, remote, port, direction, failed } of connections) {
    const byCommand = ofCommand.has(`${pid} ${bare(process)}`);
    const key = JSON.stringify([process, remote, port, direction, failed, byCommand]);
    const known = places.get(key);
    if (known) known.count++;
    else places.set(key, { at, process, remote, port, direction, failed, byCommand, count: 1 });
  }
  return [...places.values()].sort((a, b) => Number(b.byCommand) - Number(a.byCommand));
}
