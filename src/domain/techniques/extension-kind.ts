import { z } from 'zod';
import { phrase } from '../text/translate';

/** What Azure installs: unlike the extension's name, the caller can't make these up. */
export interface ExtensionType {
  publisher: string;
  type: string;
}

export interface ExtensionKind {
  /** What it is, for the line on the extension. */
  name: string;
  /** Replaces the technique's words if the extension does something else than run code. */
  words?: { title: string; verb: string; infinitive: string; mitre: readonly string[]; account?: 'none' };
}

/**
 * Extensions by `PUBLISHER.TYPE`, in the documented names. Sources: "Virtual machine extensions and features" and its
 * articles on learn.microsoft.com; Azure/azure-linux-extensions; the publishers in Azure/azure-powershell and
 * Azure/azure-xplat-cli. For Salt no public document names the publisher, so any with its name counts.
 */
const kinds: readonly { pattern: RegExp; kind: ExtensionKind }[] = [
  {
    pattern:
      /^Microsoft\.(Compute\.CustomScriptExtension|Azure\.Extensions\.CustomScript|OSTCExtensions\.CustomScriptForLinux)$/i,
    kind: {
      name: phrase('custom script'),
      words: {
        title: phrase('Custom script'),
        verb: phrase('ran a custom script'),
        infinitive: phrase('run a custom script'),
        mitre: ['T1651'],
      },
    },
  },
  {
    pattern: /^Microsoft\.(Compute\.VMAccessAgent|OSTCExtensions\.VMAccessForLinux)$/i,
    kind: {
      name: phrase('VMAccess, which resets a password or an SSH key'),
      words: {
        title: phrase('Password or key reset'),
        verb: phrase('reset a password or an SSH key'),
        infinitive: phrase('reset a password or an SSH key'),
        /** T1098: Account Manipulation. */
        mitre: ['T1098'],
        account: 'none',
      },
    },
  },
  {
    pattern: /^Microsoft\.(Powershell\.DSC|OSTCExtensions\.DSCForLinux)$/i,
    kind: {
      name: phrase('DSC configuration'),
      words: {
        title: phrase('DSC configuration'),
        verb: phrase('applied a DSC configuration'),
        infinitive: phrase('apply a DSC configuration'),
        mitre: ['T1651'],
      },
    },
  },
  {
    pattern: /^Microsoft\.CPlat\.Core\.RunCommand(Handler)?(Windows|Linux)$/i,
    kind: { name: phrase('run command') },
  },
  { pattern: /^Chef\./i, kind: { name: phrase('Chef client') } },
  { pattern: /salt/i, kind: { name: phrase('Salt minion') } },
  { pattern: /^Puppet/i, kind: { name: phrase('Puppet agent') } },
  {
    pattern: /^Microsoft\.Azure\.Automation\.HybridWorker\./i,
    kind: { name: phrase('hybrid worker, which runs automation jobs') },
  },
  {
    pattern: /^Microsoft\.(GuestConfiguration\.|CPlat\.Core\.VMApplicationManager)/i,
    kind: { name: phrase('agent that applies configurations or applications') },
  },
  {
    pattern: /^Microsoft\.Azure\.ActiveDirectory\.AAD/i,
    kind: { name: phrase('sign-in with Entra ID') },
  },
  {
    pattern:
      /^Microsoft\.(Azure\.(Monitor|Monitoring|AzureDefender\w*|Security|NetworkWatcher|Diagnostics|ChangeTrackingAndInventory|RecoveryServices|ServiceFabric|Backup)\b|EnterpriseCloud\.Monitoring\.|OSTCExtensions\.LinuxDiagnostic|CPlat\.Core\.)/i,
    kind: { name: phrase('agent') },
  },
];

/** Null if it is not known. */
export const extensionKind = ({ publisher, type }: ExtensionType): ExtensionKind | null =>
  kinds.find(({ pattern }) => pattern.test(`${publisher}.${type}`))?.kind ?? null;

const extensionProperties = z.object({
  publisher: z.string().min(1).max(200),
  type: z.string().min(1).max(200),
});

/** The publisher and type among an extension's properties; null if they are not there. */
export const extensionTypeOf = (properties: unknown): ExtensionType | null =>
  extensionProperties.safeParse(properties).data ?? null;

const body = z.object({ properties: z.unknown() });

/** The same from the request that Azure logged. */
export function extensionTypeIn(requestBody: string | null): ExtensionType | null {
  if (requestBody === null) return null;
  try {
    return extensionTypeOf(body.safeParse(JSON.parse(requestBody)).data?.properties);
  } catch {
    return null;
  }
}
