import { answerCommand, type ChatCommandDeps } from '../../src/views/chat-commands';

const asked = (text: string) => answerCommand(text, {} as ChatCommandDeps);

test.each(['help', 'HELP', ''])('"%s" lists every command with one line each', async (text) => {
  expect((await asked(text)).split('\n').map((line) => line.split(':')[0])).toEqual([
    'Commands',
    '/runwatch roles CALLER [SCOPE]',
    '/runwatch who-can SCOPE',
    '/runwatch exceptions',
    '/runwatch status',
    '/runwatch help',
  ]);
});

test.each(['isolate vm-1', 'constructor', '<!channel>'])(
  '"%s" is unknown, and the answer lists what exists',
  async (text) => {
    const [first, second] = (await asked(text)).split('\n');
    expect(first).toBe(`Unknown command: ${text.split(' ')[0]}.`);
    expect(second).toBe('Commands:');
  },
);
