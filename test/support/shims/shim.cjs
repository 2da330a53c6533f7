// Replaces programs in the docs that are missing here or would run forever: az, docker, helm, kubectl, and
// node or npm where they start the bot. Each rejects what the real program would reject.
const { spawn, spawnSync } = require('node:child_process');
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

const [program, ...args] = process.argv.slice(2);
// Where the real programs are, the bot's program and its package, the simulated tenant and the reader's token for it.
const { SHIM_PATH, SHIM_CLI, SHIM_PACKAGE, SHIM_ARM, SHIM_TOKEN, SHIM_PERSON } = process.env;
const { SHIM_LOG, SHIM_ACTIVITY } = process.env;
const has = (...words) => words.every((word, i) => args[i] === word);
const option = (...names) => args[args.findIndex((arg) => names.includes(arg)) + 1];
const refuse = (why) => {
  process.stderr.write(`${program} ${args.join(' ')}: ${why}\n`);
  process.exit(1);
};
const file = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : refuse(`no file ${path}`));
appendFileSync(SHIM_LOG, `${program} ${args.join(' ')}\n`);

const isScope = (scope) =>
  /^\/(subscriptions\/[0-9a-f-]{36}(\/resourceGroups\/[\w-]+\/providers\/[\w./-]+)?|providers\/Microsoft\.Management\/managementGroups\/\w+)$/.test(
    scope,
  );

/** A command in a container: one of the program. */
const runs = ([first, second, name]) =>
  first === 'node' && second === 'dist/cli.js' && name === 'doctor' ? undefined : refuse('not a command');

// Of the simulated tenant: its sandbox, which has the docs' test machine.
const tenantId = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const subscriptionId = '0a1b2c3d-2222-4222-8222-0123456789ab';

async function runCommand() {
  const [group, name, commandId, script] = ['-g', '-n', '--command-id', '--scripts'].map((one) =>
    option(one),
  );
  if (!group || !name || !commandId || !script) refuse('-g, -n, --command-id and --scripts are needed');
  const machine = `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name}`;
  const answer = await fetch(`${SHIM_ARM}${machine}/runCommand?api-version=2024-11-01`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SHIM_PERSON}`, 'content-type': 'application/json' },
    body: JSON.stringify({ commandId, script: [script] }),
  });
  if (!answer.ok) refuse(await answer.text());
}

function az() {
  if (has('account', 'get-access-token')) return console.log(SHIM_TOKEN);
  if (has('account', 'show'))
    return console.log(option('--query') === 'tenantId' ? tenantId : subscriptionId);
  if (has('group', 'create'))
    return option('-n') && option('-l') ? undefined : refuse('-n and -l are needed');
  if (has('acr', 'create') || has('acr', 'import')) return option('-n') ? undefined : refuse('-n is needed');
  if (has('identity', 'create')) return console.log('b07b07b0-0000-4000-8000-000000000001');
  if (has('identity', 'federated-credential', 'create'))
    return /^system:serviceaccount:[a-z]+:[a-z-]+$/.test(option('--subject')) && option('--issuer')
      ? undefined
      : refuse('--subject and --issuer');
  if (has('containerapp', 'exec')) return runs(option('--command').split(' '));
  if (has('monitor', 'activity-log', 'list')) return process.stdout.write(file(SHIM_ACTIVITY));
  if (has('vm', 'run-command', 'invoke')) return runCommand();
  if (has('role', 'definition', 'create')) {
    const { Name, Actions, AssignableScopes } = JSON.parse(file(option('--role-definition')));
    if (!Name || !Actions?.length || !isScope(AssignableScopes?.[0])) refuse('not a role');
    return undefined;
  }
  if (has('role', 'definition', 'update')) {
    const { AssignableScopes } = JSON.parse(file(option('--role-definition')));
    // The Azure CLI looks for the role in the first scope.
    return AssignableScopes[0] === `/subscriptions/${subscriptionId}` && AssignableScopes.every(isScope)
      ? undefined
      : refuse('Please provide the unique logic name of an existing role');
  }
  if (has('role', 'assignment', 'create'))
    return option('--role') && isScope(option('--scope')) ? undefined : refuse('--role, --scope');
  if (has('deployment', 'group', 'create') && args.includes('-f')) {
    const declared = [...file(option('-f')).matchAll(/^param (\w+)/gm)].map(([, name]) => name);
    const given = args
      .slice(args.indexOf('-p') + 1, args.indexOf('--query'))
      .map((pair) => pair.split('=')[0]);
    return given.every((name) => declared.includes(name))
      ? undefined
      : refuse('parameters that are not declared');
  }
  if (has('deployment', 'group', 'create')) {
    const parameters = file(option('-p'));
    const template = file(join(dirname(option('-p')), /^using '(.+)'$/m.exec(parameters)?.[1] ?? ''));
    const declared = [...template.matchAll(/^param (\w+)/gm)].map(([, name]) => name);
    const given = [...parameters.matchAll(/^param (\w+)/gm)].map(([, name]) => name);
    const unknown = given.filter((name) => !declared.includes(name));
    if (unknown.length > 0) refuse(`parameters that are not declared: ${unknown}`);
    const needed = [...template.matchAll(/^param (\w+) \w+$/gm)].map(([, name]) => name);
    const lacking = needed.filter((name) => !given.includes(name));
    if (lacking.length > 0) refuse(`parameters that are needed: ${lacking}`);
    return undefined;
  }
  if (has('ad', 'sp', 'show'))
    return option('--id') ? console.log('b07b07b0-0000-4000-8000-000000000002') : refuse('--id');
  if (has('account', 'management-group', 'list')) return console.log('contoso  Contoso');
  if (has('rest')) {
    const { principalId, resourceId, appRoleId } = JSON.parse(option('--body'));
    return principalId &&
      resourceId &&
      appRoleId &&
      option('--url').startsWith('https://graph.microsoft.com/v1.0/')
      ? undefined
      : refuse('--url, --body');
  }
  if (has('monitor', 'diagnostic-settings', 'subscription', 'create'))
    return JSON.parse(option('--logs'))[0].enabled && isScope(option('--workspace'))
      ? undefined
      : refuse('--logs, --workspace');
  if (has('ad', 'app', 'create')) {
    if (!args.includes('--web-redirect-uris')) return console.log('a0b1c2d3-0000-4000-8000-000000000005');
    const uris = args.slice(args.indexOf('--web-redirect-uris') + 1, args.indexOf('--query'));
    if (option('--sign-in-audience') !== 'AzureADMyOrg') refuse('people of other tenants could sign in');
    if (!uris.length || uris.some((uri) => !/^https:\/\/[^/]+\/console\/[a-z-]+$/.test(uri)))
      refuse('--web-redirect-uris');
    return console.log('a0b1c2d3-0000-4000-8000-000000000003');
  }
  if (has('ad', 'app', 'update')) {
    if (args.includes('--optional-claims') && !JSON.parse(option('--optional-claims')).idToken.length)
      refuse('--optional-claims');
    return option('--id') ? undefined : refuse('--id is needed');
  }
  if (has('ad', 'sp', 'create'))
    return option('--id') ? console.log('b07b07b0-0000-4000-8000-000000000002') : refuse('--id is needed');
  if (has('ad', 'app', 'credential', 'reset') && args.includes('--create-cert')) {
    writeFileSync('created.pem', 'a certificate and its key');
    return console.log('created.pem');
  }
  if (has('ad', 'app', 'credential', 'reset'))
    return option('--id') ? console.log('the-password') : refuse('--id is needed');
  return refuse('not known to the shim');
}

function helm() {
  if (!has('upgrade', '--install')) refuse('not known to the shim');
  const { parse } = require('yaml');
  const values = parse(file(join(args[3], 'values.yaml')));
  args.forEach((arg, i) => {
    if (arg !== '--set') return;
    const path = args[i + 1].split('=')[0].split('.');
    if (path.reduce((at, key) => at?.[key], values) === undefined) refuse(`no value ${path.join('.')}`);
  });
}

const real = (name) =>
  SHIM_PATH.split(':')
    .map((dir) => join(dir, name))
    .find(existsSync);

/** Runs it; one that serves for ever is asked whether it is well, and stopped. */
function orServe(name) {
  const serves = /(dist\/cli\.js|^runwatch|^run) (start|demo)\b/.test(args.join(' '));
  const env = { ...process.env, PATH: SHIM_PATH };
  if (!serves) process.exit(spawnSync(real(name), args, { stdio: 'inherit', env }).status ?? 1);
  const child = spawn(real(name), args, { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
  let said = '';
  const heard = (chunk) => {
    said += chunk;
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  const end = (code) => {
    clearInterval(asking);
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {}
    if (code !== 0) process.stderr.write(said);
    // All of the group, not only npm: the bot takes its Redis with it.
    setInterval(() => {
      const { stdout } = spawnSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' });
      if (!new RegExp(`^ *${child.pid} +[^Z]`, 'm').test(stdout)) process.exit(code);
    }, 100);
  };
  child.once('exit', () => end(1));
  const deadline = Date.now() + 180_000;
  const asking = setInterval(async () => {
    if (Date.now() > deadline) return end(1);
    const url = `http://127.0.0.1:${process.env.RUNWATCH_PORT}/console`;
    const well = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (well) {
      child.removeAllListeners('exit');
      end(0);
    }
  }, 200);
}

const programs = {
  az,
  helm,
  kubectl: () => {
    if (has('create', 'namespace') || has('create', 'secret', 'generic')) return;
    if (!has('exec')) refuse('not known to the shim');
    runs(args.slice(args.indexOf('--') + 1));
  },
  docker: () => {
    if (!has('compose')) refuse('not known to the shim');
    const compose = require('./compose.cjs');
    return compose(args.slice(1), [real('node'), SHIM_CLI]).catch(({ message }) => refuse(message));
  },
  node: () => orServe('node'),
  npm: () => {
    const { installClone, installPackage } = require('./install.cjs');
    if (has('install', 'runwatch')) return installPackage(SHIM_PACKAGE, process.cwd());
    // `npm run demo` would install what is missing.
    installClone(process.cwd());
    if (!has('ci')) orServe('npm');
  },
  npx: () => orServe('npx'),
  curl: () => (args.at(-1).startsWith('https://') ? undefined : refuse('not an https address')),
};
programs[basename(program)]();
