import { secondPersonOf } from '../../../src/domain/measures/second-person';
import type { Presser } from '../../../src/domain/people/person';

const person = (id: string): Presser => ({ surface: 'slack', id, name: id, team: 'T1' });
const [sam, lee, kim] = [person('sam'), person('lee'), person('kim')];
const approved = { by: sam, approvedBy: lee };

test('a retry by the requester or by a third person keeps the approver', () => {
  expect(secondPersonOf(approved, sam)).toBe(lee);
  expect(secondPersonOf(approved, kim)).toBe(lee);
});

test('if the approver retries, the second person is the requester', () => {
  expect(secondPersonOf(approved, lee)).toBe(sam);
});

test('a person of another surface, who may be either of them, keeps the approver', () => {
  expect(secondPersonOf(approved, { surface: 'console', id: 'x', name: 'x', issuer: 'i' })).toBe(lee);
});

test('what needed no approval has no second person', () => {
  expect(secondPersonOf({ by: sam }, lee)).toBeUndefined();
});
