import { type Alert, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import { knownMachines } from '../../../domain/alerts/join-facts';
import { scopeLabel } from '../../../domain/resources/scope-label';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, phrase, t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';

/** One step of the access path. */
export interface Step {
  kind: string;
  name: string;
  more: string;
}

const maxPowers = 3;

/** From the caller to what the machine's identity reaches. Empty if no grant is known or Azure denied the call. */
export function accessSteps(alert: Alert): Step[] {
  const { caller, target, machines, grantedBy, refused } = summarize(alert);
  const { access } = alert.facts;
  const grant = access?.grant ?? grantedBy;
  if (!grant || refused) return [];
  const { group = null, subscriptionName = null, condition = null, until = null } = access ?? {};
  const privileged = knownMachines(alert).filter(({ identityCan }) => identityCan.length > 0);
  const powers = [...new Set(privileged.flatMap(({ identityCan }) => identityCan))];
  const login = plainLine(caller.name, 120);
  const name = callerName(alert, 120);
  const several = machines > 1;
  return [
    { kind: phrase('Caller'), name, more: login === name ? caller.type : login },
    ...(group
      ? [
          {
            kind: phrase('Group'),
            name: plainLine(group.name, 120),
            more: group.members === null ? '' : counted(group.members, '# member', '# members'),
          },
        ]
      : []),
    {
      kind: phrase('Role'),
      name: plainLine(grant.role, 120),
      more: [
        until ? t`PIM until ${until.slice(0, 16).replace('T', ' ')} UTC` : '',
        condition ? t`with a condition` : '',
      ]
        .filter(Boolean)
        .join(', '),
    },
    ...(grant.scope
      ? [{ kind: phrase('Scope'), name: scopeLabel(grant.scope, subscriptionName), more: '' }]
      : []),
    {
      kind: several ? phrase('Machines') : phrase('Machine'),
      name: several ? counted(machines, '# machine', '# machines') : plainLine(target.name, 120),
      more: several ? '' : plainLine(target.resourceGroup, 120),
    },
    ...(powers.length > 0
      ? [
          {
            kind: several ? phrase('Their identities') : phrase('Its identity'),
            name: t`Managed identity`,
            more: several ? t`on ${privileged.length} of the machines` : '',
          },
          ...powers.slice(0, maxPowers).map((can) => ({ kind: phrase('Reaches'), ...powerOf(can) })),
        ]
      : []),
  ];
}

/** "read secrets (Key Vault Secrets User at kv-pay)" as its name and the rest. */
function powerOf(can: string): Pick<Step, 'name' | 'more'> {
  const [, name, more] = /^(.+?) \((.*)\)$/s.exec(can) ?? [];
  return { name: plainLine(name ?? can, 160), more: plainLine(more ?? '', 160) };
}

const box = { width: 196, height: 72, gap: 24, rowGap: 36 };
/** Characters that surely fit into a box. */
const fitting = { name: 24, more: 30 };

/**
 * The access path as a drawing of boxes and arrows, for wide pages in rows and for narrow ones as a column.
 * The list below has the same texts for people who cannot see it.
 */
export function accessGraph(alert: Alert): Html | false {
  const steps = accessSteps(alert);
  if (steps.length === 0) return false;
  return html`<div class="graph wide" aria-hidden="true">${drawing(steps, 4)}</div><div class="graph narrow" aria-hidden="true">${drawing(steps, 1)}</div><ol class="unseen" aria-label="${t`Access path`}">${steps.map(
    ({ kind, name, more }) => html`<li>${translate(kind)}: ${name}${more && `, ${more}`}</li>`,
  )}</ol>`;
}

function drawing(steps: readonly Step[], columns: number): Html {
  // What the identity reaches branches off it, so these boxes stand below each other.
  const trunk = steps.filter(({ kind }) => kind !== 'Reaches');
  const ends = steps.filter(({ kind }) => kind === 'Reaches');
  const machineAt = trunk.findIndex(({ kind }) => kind.startsWith('Machine'));
  const places = trunk.map((step, i) => {
    const inReach =
      columns > 1 && machineAt > 1 && i >= machineAt && trunk.length + Math.sign(ends.length) > columns;
    return {
      step,
      column: columns === 1 ? 0 : inReach ? i - machineAt : i,
      row: columns === 1 ? i : inReach ? 1 : 0,
    };
  });
  const last = places.at(-1) ?? { column: 0, row: 0 };
  const all = [
    ...places,
    ...ends.map((step, i) => ({
      step,
      column: columns === 1 ? 0 : last.column + 1,
      row: columns === 1 ? last.row + 1 + i : last.row + i,
    })),
  ];
  const width = (Math.max(...all.map(({ column }) => column)) + 1) * (box.width + box.gap) - box.gap;
  const height = (Math.max(...all.map(({ row }) => row)) + 1) * (box.height + box.rowGap) - box.rowGap;
  const arrows = all.slice(1).map((to, i) => {
    const from = to.step.kind === 'Reaches' ? places.at(-1) : all[i];
    return from ? arrow(from, to) : '';
  });
  return html`<svg viewBox="-1 -1 ${width + 2} ${height + 2}" width="${width + 2}" height="${height + 2}">${arrows}${all.map(boxHtml)}</svg>`;
}

interface Place {
  column: number;
  row: number;
}

const corner = ({ column, row }: Place) => ({
  x: column * (box.width + box.gap),
  y: row * (box.height + box.rowGap),
});

function boxHtml(place: Place & { step: Step }): Html {
  const { x, y } = corner(place);
  const { kind, name, more } = place.step;
  const lines = wrapped(name);
  const shown = translate(kind);
  return html`<svg x="${x}" y="${y}" width="${box.width}" height="${box.height}"><title>${shown}: ${name}${more && `, ${more}`}</title><rect class="box ${kind === 'Caller' || kind === 'Reaches' ? 'end' : ''}" x="0.5" y="0.5" width="${box.width - 1}" height="${box.height - 1}" rx="6"/><text class="kind" x="12" y="17">${shown}</text>${lines.map((line, i) => html`<text class="name" x="12" y="${35 + i * 16}">${line}</text>`)}<text class="more" x="12" y="${36 + lines.length * 16}">${plainLine(more, fitting.more)}</text></svg>`;
}

/** A name on at most two lines. */
function wrapped(name: string): string[] {
  if (name.length <= fitting.name) return [name];
  const space = name.lastIndexOf(' ', fitting.name);
  const at = space > 0 ? space : fitting.name;
  return [name.slice(0, at), plainLine(name.slice(at), fitting.name)];
}

/** A line with a head, straight or with a corner. */
function arrow(from: Place, to: Place): Html {
  const a = corner(from);
  const b = corner(to);
  const mid = box.height / 2;
  if (from.row === to.row && to.column > from.column)
    return line(`M${a.x + box.width} ${a.y + mid}H${b.x - 2}`, b.x - 2, b.y + mid, 'right');
  if (to.column > from.column) {
    const x = a.x + box.width + box.gap / 2;
    return line(`M${a.x + box.width} ${a.y + mid}H${x}V${b.y + mid}H${b.x - 2}`, b.x - 2, b.y + mid, 'right');
  }
  const fromX = a.x + box.width / 2;
  const toX = b.x + box.width / 2;
  const y = b.y - box.rowGap / 2;
  return line(`M${fromX} ${a.y + box.height}V${y}H${toX}V${b.y - 2}`, toX, b.y - 2, 'down');
}

function line(path: string, x: number, y: number, head: 'right' | 'down'): Html {
  const points =
    head === 'right'
      ? `${x - 6},${y - 4} ${x},${y} ${x - 6},${y + 4}`
      : `${x - 4},${y - 6} ${x},${y} ${x + 4},${y - 6}`;
  return html`<path class="link" d="${path}"/><polyline class="link" points="${points}"/>`;
}
