/** A kind of secret and how it looks. Kinds are named as secret scanners name them (secretlint, gitleaks). */
interface SecretRule {
  kind: string;
  /** Group 1 stays, the rest of the match is taken out. */
  pattern: RegExp;
}

const rules: SecretRule[] = [
  {
    kind: 'private key',
    pattern: /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  },
  {
    kind: 'Azure storage key',
    pattern: /((?:AccountKey|account[-_]key)\s*[=:]\s*["']?)[A-Za-z0-9+/]{86}==/gi,
  },
  {
    kind: 'connection string key',
    pattern: /((?:SharedAccessKey|EndpointKey|PrimaryKey)\s*=\s*)[A-Za-z0-9+/]{20,}={0,2}/gi,
  },
  { kind: 'Azure SAS signature', pattern: /([?&]sig=)[A-Za-z0-9%+/]{20,}={0,2}/gi },
  { kind: 'Entra client secret', pattern: /()\b[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}/g },
  { kind: 'JSON web token', pattern: /()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*/g },
  { kind: 'bearer token', pattern: /(\bbearer\s+)[A-Za-z0-9._~+/-]{16,}=*/gi },
  { kind: 'basic credentials', pattern: /(\bbasic\s+)[A-Za-z0-9+/]{12,}={0,2}/gi },
  {
    kind: 'credentials in a URL',
    pattern: /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/:@'"]{1,200}:[^\s/@'"]{1,200}(?=@)/gi,
  },
  { kind: 'AWS key', pattern: /()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { kind: 'AWS secret', pattern: /(aws_secret_access_key\s*[=:]\s*["']?)[A-Za-z0-9/+]{40}/gi },
  { kind: 'GitHub token', pattern: /()\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g },
  { kind: 'GitLab token', pattern: /()\bglpat-[A-Za-z0-9_-]{20,}/g },
  { kind: 'Slack token', pattern: /()\bxox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}/g },
  { kind: 'Slack webhook', pattern: /(hooks\.slack\.com\/services\/)[A-Za-z0-9/]{20,}/gi },
  { kind: 'npm token', pattern: /()\bnpm_[A-Za-z0-9]{36}\b/g },
  { kind: 'Google API key', pattern: /()\bAIza[A-Za-z0-9_-]{35}\b/g },
  { kind: 'API key', pattern: /()\bsk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,}/g },
  {
    kind: 'password',
    pattern:
      /((?<![a-z])(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|client[-_]?secret|access[-_]?key)["']?\s*(?:=>|[=:])\s*)(?:"[^"\n]{1,500}"|'[^'\n]{1,500}'|(?!\$[({A-Za-z_])[^\s"'&|;<>]{3,500})/gi,
  },
  {
    kind: 'password',
    pattern:
      /((?:^|\s)(?:--?(?:password|pass|secret|token|api-key|client-secret)|\/p:)[\s=]+)(?:"[^"\n]{1,500}"|'[^'\n]{1,500}'|[^\s"'|;&-][^\s"'|;&]{1,500})/gim,
  },
  { kind: 'password', pattern: /(\b(?:mysql|mysqldump|mariadb)\b[^\n|;]{0,200}\s-p)[^\s]{1,200}/gi },
  { kind: 'password', pattern: /(\bsshpass\s+-p\s*)[^\s]{1,200}/gi },
  { kind: 'password', pattern: /(\bnet\s+user\s+(?:\/add\s+)?[^\s/]{1,100}\s+)(?!\/)[^\s]{1,200}/gi },
  {
    kind: 'password',
    pattern:
      /(ConvertTo-SecureString\s+(?:-String\s+)?)(?:"[^"\n]{1,500}"|'[^'\n]{1,500}'|[^\s-][^\s]{0,200})/gi,
  },
  { kind: 'password', pattern: /(\becho\s+["']?[^\s:"']{1,64}:)[^\s"'|]{3,200}(?=["']?\s*\|\s*chpasswd)/gi },
];

/** Where a rule took the whole value out before, a broader one leaves it. */
const removed = new RegExp(
  `^["']?\\[(?:${[...new Set(rules.map(({ kind }) => kind))].join('|')}) removed\\](?=[\\s"'&|;<>]|$)`,
);

/** Longer text is cut before it is searched; what is cut off is never shown. */
const longestText = 256 * 1024;

/** Takes secrets out of a script, its parameters or its output, and says which kinds were found. */
export function redact(text: string): { text: string; kinds: string[] } {
  const kinds = new Set<string>();
  let out = text.slice(0, longestText);
  for (const { kind, pattern } of rules) {
    out = out.replace(pattern, (match, kept: string, at: number, whole: string) => {
      if (removed.test(whole.slice(at + kept.length, at + kept.length + 60))) return match;
      kinds.add(kind);
      return `${kept}[${kind} removed]`;
    });
  }
  return { text: out, kinds: [...kinds] };
}
