import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

/** A kind of secret and its pattern. Kinds have the names used by secret scanners (secretlint, gitleaks). */
interface SecretRule {
  kind: string;
  /** Group 1 stays, the rest of the match is redacted. */
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
  { kind: 'Slack token', pattern: /()\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}/g },
  { kind: 'GitHub token', pattern: /()\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g },
  { kind: 'GitLab token', pattern: /()\bglpat-[A-Za-z0-9_.-]{20,}/g },
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

/** A marker that an earlier rule left; a broader rule must not replace it. */
const marker = new RegExp(
  `^["']?\\[(?:${[...new Set(rules.map(({ kind }) => kind))].join('|')}) redacted\\](?=[\\s"'&|;<>]|$)`,
);

/** Longer text is cut before it is searched, and the rest is never shown. Characters. */
const maxText = 256 * 1024;

/** What {@link redact} returns where a rule failed. */
const notShown = '[not shown: the search for secrets failed]';

/**
 * Redacts secrets in a script, its parameters or its output, and names the kinds found. Our rules come first, for passwords
 * on command lines and for Azure; then those of secretlint, for tokens of services. Text in which a search fails is not shown.
 */
export async function redact(given: string): Promise<{ text: string; kinds: string[] }> {
  try {
    return await redactFound(given.slice(0, maxText));
  } catch {
    return { text: notShown, kinds: [] };
  }
}

async function redactFound(given: string): Promise<{ text: string; kinds: string[] }> {
  const kinds = new Set<string>();
  let text = given;
  for (const { kind, pattern } of rules) {
    text = text.replace(pattern, (match, kept: string, at: number, whole: string) => {
      if (marker.test(whole.slice(at + kept.length, at + kept.length + 60))) return match;
      kinds.add(kind);
      return `${kept}[${kind} redacted]`;
    });
  }
  for (const { kind, from, to } of await serviceTokens(text)) {
    kinds.add(kind);
    text = `${text.slice(0, from)}[${kind} redacted]${text.slice(to)}`;
  }
  return { text, kinds: [...kinds] };
}

const config = {
  rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }],
};

interface Found {
  kind: string;
  from: number;
  to: number;
}

/** What secretlint finds, the last one first; overlapping finds are one. Kinds are its rules' names, e.g. "github token". */
async function serviceTokens(given: string): Promise<Found[]> {
  // Comments in a script must not control the search, and secretlint would shift every position by a byte order mark.
  const content = given.replace(/secretlint-/gi, 'secretlint_').replace(/^\ufeff/, ' ');
  const { messages } = await lintSource({
    source: { filePath: '/script.txt', content, ext: '.txt', contentType: 'text' },
    options: { config, noPhysicFilePath: true },
  });
  const found = messages
    .flatMap(({ type, ruleId, range: [from, to] }) =>
      type === 'message' ? [{ kind: `${ruleId.replace(/^.*-rule-/, '')} token`, from, to }] : [],
    )
    .sort((a, b) => a.from - b.from);
  const merged: Found[] = [];
  for (const next of found) {
    const last = merged.at(-1);
    if (last && next.from < last.to) last.to = Math.max(last.to, next.to);
    else merged.push(next);
  }
  return merged.reverse();
}
