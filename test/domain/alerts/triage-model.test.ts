import fc from 'fast-check';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import {
  acknowledge,
  assign,
  close,
  contain,
  investigate,
  Refusal,
  reopen,
  uncontain,
} from '../../../src/domain/alerts/transitions';
import type { Presser } from '../../../src/domain/people/person';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

/** Number of random walks; the nightly job runs more. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 500);

const people: Presser[] = ['sam', 'lee', 'kim'].map((name) => ({ surface: 'slack', id: name, name }));
const at = '2026-11-24T00:00:00Z';

/** The expected alert, modeled independently of the implementation. */
interface Model {
  state: Alert['state'];
  assignee: string | null;
  moves: number;
}

const moves = {
  acknowledge: {
    may: ({ state }: Model) => state === 'new',
    model: (m: Model): Model => ({ ...m, state: 'acknowledged', moves: m.moves + 1 }),
    real: (alert: Alert, by: Presser) => acknowledge(alert, { by, at }),
  },
  investigate: {
    may: ({ state }: Model) => state === 'new' || state === 'acknowledged',
    model: (m: Model): Model => ({ ...m, state: 'investigating', moves: m.moves + 1 }),
    real: (alert: Alert, by: Presser) => investigate(alert, { by, at }),
  },
  assign: {
    may: ({ state, assignee }: Model, by: Presser) => state !== 'closed' && assignee !== by.id,
    model: (m: Model, by: Presser): Model =>
      m.state === 'contained'
        ? { ...m, assignee: by.id }
        : { state: 'investigating', assignee: by.id, moves: m.moves + 1 },
    real: (alert: Alert, by: Presser) => assign(alert, by, { by, at }),
  },
  contain: {
    may: () => true,
    model: (m: Model): Model =>
      m.state === 'closed' || m.state === 'contained' ? m : { ...m, state: 'contained', moves: m.moves + 1 },
    real: (alert: Alert, by: Presser) => contain(alert, { by, at }),
  },
  uncontain: {
    may: () => true,
    model: (m: Model): Model =>
      m.state === 'contained' ? { ...m, state: 'investigating', moves: m.moves + 1 } : m,
    real: (alert: Alert, by: Presser) => uncontain(alert, { by, at }),
  },
  close: {
    may: ({ state }: Model) => state !== 'closed',
    model: (m: Model): Model => ({ ...m, state: 'closed', moves: m.moves + 1 }),
    real: (alert: Alert, by: Presser) => close(alert, 'benign', { by, at }),
  },
  reopen: {
    may: ({ state }: Model) => state === 'closed',
    model: (m: Model): Model => ({ ...m, state: 'acknowledged', moves: m.moves + 1 }),
    real: (alert: Alert, by: Presser) => reopen(alert, { by, at }),
  },
};

test('after any sequence of presses an alert matches the model, and refused presses change nothing', () => {
  const press = fc.tuple(
    fc.constantFrom(...(Object.keys(moves) as (keyof typeof moves)[])),
    fc.constantFrom(...people),
  );
  fc.assert(
    fc.property(fc.array(press, { maxLength: 30 }), (walk) => {
      const execution = executionFrom(event()) as Execution;
      let alert = newAlert('RW-1', [execution], execution.startedAt);
      let model: Model = { state: 'new', assignee: null, moves: 0 };
      for (const [name, by] of walk) {
        const move = moves[name];
        if (move.may(model, by)) {
          alert = move.real(alert, by);
          model = move.model(model, by);
        } else {
          const before = JSON.stringify(alert);
          expect(() => move.real(alert, by)).toThrow(Refusal);
          expect(JSON.stringify(alert)).toBe(before);
        }
        expect({
          state: alert.state,
          assignee: alert.assignee?.id ?? null,
          moves: alert.history.length,
        }).toEqual(model);
        expect(alert.closedAs === null).toBe(alert.state !== 'closed');
      }
    }),
    { numRuns },
  );
});
