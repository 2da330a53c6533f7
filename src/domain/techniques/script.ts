import { createHash } from 'node:crypto';
import { phrase } from '../text/translate';

/** Normalizes line ends, trailing spaces and empty lines, which do not change what a script does. */
export const normalizeScript = (script: string): string =>
  script
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');

/** SHA-256 of the normalized script, in hex. Whitespace differences from pasting don't change it. */
export const scriptDigest = (script: string): string =>
  createHash('sha256').update(normalizeScript(script)).digest('hex');

interface Trait {
  name: string;
  pattern: RegExp;
}

const traits: Trait[] = [
  {
    name: phrase('downloads and runs'),
    pattern:
      /\b(?:curl|wget)\b[^\n]{0,400}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\b(?:iex|invoke-expression)\b[^\n]{0,400}(?:downloadstring|iwr|invoke-webrequest|irm|invoke-restmethod|net\.webclient)|(?:downloadstring|iwr|irm)\b[^\n]{0,400}\|\s*(?:iex|invoke-expression)|\b(?:certutil\b[^\n]{0,100}-urlcache|bitsadmin\b[^\n]{0,100}\/transfer)/i,
  },
  {
    name: phrase('base64 hides what it does'),
    pattern:
      /\bbase64\s+(?:-d|--decode|-D)\b|-e(?:nc|ncodedcommand)?\s+[A-Za-z0-9+/]{40,}|frombase64string|[A-Za-z0-9+/]{200,}={0,2}/i,
  },
  {
    name: phrase('disables defences'),
    pattern:
      /set-mppreference\b[^\n]{0,200}-disable|disableantispyware|\b(?:systemctl|service)\s+(?:stop|disable|mask)\s+[^\n]{0,60}(?:auditd|mdatp|falcon|firewalld|ufw|rsyslog|omsagent|azuremonitoragent)|\bsetenforce\s+0|netsh\s+advfirewall\s+set\s+\w+\s+state\s+off|stop-service\b[^\n]{0,60}(?:windefend|sense|eventlog)|\bufw\s+disable|iptables\s+-F|wevtutil\s+cl|clear-eventlog|amsiutils/i,
  },
  {
    name: phrase('dumps credentials'),
    pattern:
      /mimikatz|sekurlsa|lsass|procdump|comsvcs\.dll|\/etc\/shadow|ntds\.dit|reg\s+save\s+hk(?:lm|ey_local_machine)\\(?:sam|security|system)|\blaZagne\b|unshadow|\.aws\/credentials|\.azure\/(?:accesstokens|msal_token_cache)/i,
  },
  {
    name: phrase('takes a token from the metadata service'),
    pattern: /169\.254\.169\.254|metadata\/identity\/oauth2/i,
  },
  {
    name: phrase('adds a user or a key'),
    pattern:
      /\b(?:useradd|adduser)\b|net\s+user\s+\S+\s+\S+\s+\/add|new-localuser|net\s+localgroup\s+administrators|add-localgroupmember|authorized_keys|usermod\s+[^\n]{0,40}-aG\s+(?:sudo|wheel)|\/etc\/sudoers/i,
  },
  {
    name: phrase('opens a reverse shell'),
    pattern:
      /\/dev\/(?:tcp|udp)\/|\bn(?:c|cat)\b[^\n]{0,80}\s-e\s|bash\s+-i\b|socat\b[^\n]{0,100}exec|mkfifo\b[^\n]{0,100}\bnc\b|new-object\s+(?:system\.)?net\.sockets\.tcpclient|pty\.spawn/i,
  },
  {
    name: phrase('stays after a restart'),
    pattern:
      /\bcrontab\b|\/etc\/cron|schtasks\b[^\n]{0,60}\/create|register-scheduledtask|systemctl\s+enable|currentversion\\run\b|new-service\b/i,
  },
];

/** Suspicious traits of a script, each with its first line. */
export function traitsOf(script: string): { name: string; line: number; text: string }[] {
  const lines = script.replace(/\r\n?/g, '\n').split('\n').slice(0, 20_000);
  return traits.flatMap(({ name, pattern }) => {
    const index = lines.findIndex((line) => pattern.test(line.slice(0, 4000)));
    return index < 0 ? [] : [{ name, line: index + 1, text: (lines[index] ?? '').trim().slice(0, 200) }];
  });
}
