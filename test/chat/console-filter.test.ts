import { filterForm, filterOf, openFilterOf } from '../../src/chat/console/filter';

test.each([
  [{}, 4, 4],
  [{ severity: 'critical', state: 'open' }, 1, 4],
  [{ state: 'contained' }, 4, 1],
  [{ state: 'closed' }, 4, 0],
  [{ severity: 'other' }, 0, 4],
])('%p may select open alerts of %i severities and %i states', (query, severities, states) => {
  const open = openFilterOf(filterOf(query));
  expect(open.severities).toHaveLength(severities);
  expect(open.states).toHaveLength(states);
});

test('a full list says that it has only the newest', () => {
  const form = (shown: number) => filterForm(filterOf({}), { shown, searched: shown, most: 100 }).text;
  expect(form(100)).toContain('Only the newest 100 are shown.');
  expect(form(99)).not.toContain('Only the newest');
});
