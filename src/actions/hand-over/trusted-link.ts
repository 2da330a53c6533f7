const maxLength = 2000;

/** The link if it is https, leads to one of the hosts (null: to any) and has no credentials; else undefined. */
export function trustedLink(link: string, hosts: readonly string[] | null): string | undefined {
  if (link.length > maxLength || !URL.canParse(link)) return undefined;
  const { protocol, host, username, password, href } = new URL(link);
  const isTrusted =
    protocol === 'https:' && (hosts === null || hosts.includes(host)) && username === '' && password === '';
  return isTrusted ? href : undefined;
}
