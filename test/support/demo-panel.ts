import { Router } from 'express';
import type { Demo } from '../../src/chat/console/demo-parts';
import type { Panel } from '../../src/chat/console/pages';
import type { Presser } from '../../src/domain/people/person';

/** A demo with a panel, in which everybody is signed in as the same person. */
export const demoWith = (panel: Panel, presser: Presser): Demo => ({
  panel,
  people: [],
  signIn: () => ({
    router: Router(),
    authenticate: async () => ({
      presser,
      session: 'local',
      endsAt: Number.POSITIVE_INFINITY,
      denied: null,
      isStale: false,
    }),
  }),
});
