import { AzureError } from '../../azure/connection/azure-error';
import { applicationName } from '../../domain/access/well-known-apps';
import { summarize } from '../../domain/alerts/alert';
import type { Who } from '../../domain/alerts/facts';
import { phrase, t } from '../../domain/text/translate';
import type { Part } from './enrichment-part';

/** Identifies the caller with Microsoft Graph if permitted, otherwise from the token claims. */
export const who: Part = {
  what: phrase('who the caller is'),
  ask: async (alert, { azure }) => {
    const { caller } = summarize(alert);
    const methods = caller.authMethods ?? [];
    const weakSignIn =
      caller.type === 'User' && methods.includes('pwd') && !methods.some((method) => method !== 'pwd');
    const fromClaims: Who = {
      name: caller.displayName ?? null,
      jobTitle: null,
      enabled: null,
      guest: /#ext#/i.test(caller.name),
      owners: [],
      application:
        caller.type === 'User' && caller.appId
          ? (applicationName(caller.appId) ?? t`unknown application ${caller.appId}`)
          : null,
      signIn: methods.length > 0 ? methods.join(' + ') : null,
      weakSignIn,
      hint: null,
    };
    if (!caller.id) return { who: fromClaims };
    const hint = t`grant Directory.Read.All (Microsoft Graph) to see title, owner and account state`;
    if (!azure.directory.permitted) return { who: { ...fromClaims, hint } };
    try {
      const person = await azure.directory.principal(caller.id);
      if (!person) return { who: fromClaims };
      const owners = person.kind === 'ServicePrincipal' ? await azure.directory.ownersOf(person.id) : [];
      return {
        who: {
          ...fromClaims,
          name: person.name,
          jobTitle: person.jobTitle,
          enabled: person.enabled,
          guest: person.guest || fromClaims.guest,
          owners: owners.map((owner) => owner.login ?? owner.name),
        },
      };
    } catch (error) {
      if (error instanceof AzureError && (error.statusCode === 401 || error.statusCode === 403))
        return { who: { ...fromClaims, hint } };
      throw error;
    }
  },
};
