import { accessReviewHtml } from '../../../src/chat/console/alert/access-review';
import type { CallerReview } from '../../../src/domain/access/caller-review';
import { newAlert } from '../../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const alert = newAlert('RW-1', [executionFrom(event()) as Execution], '2026-11-20T10:00:00Z');
const role: CallerReview['roles'][number] = {
  role: 'Owner',
  scope: '/subscriptions/s/resourceGroups/rg-pay',
  group: { name: '<b>ops</b>', members: 3 },
  since: '2026-11-17T10:00:00.000Z',
  until: null,
  eligible: false,
  condition: true,
  others: [
    { name: 'Lee Okafor', lastRun: '2026-11-18T10:00:00.000Z' },
    { name: 'Kim Novak', lastRun: null },
  ],
  otherCount: 5,
};
const review: CallerReview = {
  at: '2026-11-20T11:00:00.000Z',
  by: 'Sam Ortiz',
  roles: [role, { ...role, group: null, condition: false, since: null, others: [], otherCount: 0 }],
  unrelated: 1,
  able: 7,
};
const textOf = (given: CallerReview) =>
  accessReviewHtml(alert, given)
    .text.replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

test('shows from where and since when each role is, and what removing it affects', () => {
  const text = textOf(review);
  expect(text).toContain('Owner at resource group rg-pay');
  expect(text).toContain('From group &lt;b&gt;ops&lt;/b&gt; (3 members), has a condition, not evaluated');
  expect(text).toMatch(/Since .*Nov 17, 2026/);
  expect(text).toMatch(
    /, Lee Okafor \(last ran a command .*\) , Kim Novak \(ran none in 90 days\) and 3 more|Kim Novak/,
  );
  expect(text).toContain('From assigned directly');
  expect(text).toContain('Since Unavailable');
  expect(text).toMatch(/Removing it affects only /);
  expect(text).toContain(
    '1 other role does not allow it · 7 principals can run commands in this subscription',
  );
});

test('says that no role allows it', () => {
  expect(textOf({ ...review, roles: [] })).toMatch(/No role lets .+ run commands on .+ now\./);
});
