import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as keda from '@kubernetes-models/keda/keda.sh/v1alpha1';
import Ajv from 'ajv';
import * as apps from 'kubernetes-models/apps/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import { allRoles } from '../../src/config/config';
import { allVariables } from '../../src/config/variables';

const chart = join(__dirname, '../../deploy/helm/runwatch');
const defaults = parse(readFileSync(join(chart, 'values.yaml'), 'utf8'));
const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'));

// biome-ignore lint/suspicious/noExplicitAny: untyped Kubernetes objects
type Loose = any;
const kinds: Record<string, new (data: Loose) => { validate: () => void }> = {
  Deployment: apps.Deployment,
  StatefulSet: apps.StatefulSet,
  Ingress: networking.Ingress,
  Service: core.Service,
  ServiceAccount: core.ServiceAccount,
  Secret: core.Secret,
  NetworkPolicy: networking.NetworkPolicy,
  PodDisruptionBudget: policy.PodDisruptionBudget,
  ScaledObject: keda.ScaledObject,
  TriggerAuthentication: keda.TriggerAuthentication,
};

/** Maps are merged, as Helm merges values. */
const merge = (values: Loose, changes: Loose): Loose => {
  const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(values) || !isMap(changes)) return changes;
  const merged = Object.entries(changes).map(([key, value]) => [
    key,
    key in values ? merge(values[key], value) : value,
  ]);
  return { ...values, ...Object.fromEntries(merged) };
};

/** The fields that we use. Source: "ServiceMonitor", API reference of the Prometheus Operator (monitoring.coreos.com/v1). */
const serviceMonitor = z.strictObject({
  apiVersion: z.literal('monitoring.coreos.com/v1'),
  kind: z.literal('ServiceMonitor'),
  metadata: z.strictObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    endpoints: z.array(
      z.strictObject({
        port: z.string(),
        path: z.literal('/metrics'),
        interval: z.string().regex(/^\d+[smh]$/),
        authorization: z.strictObject({
          credentials: z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean() }),
        }),
      }),
    ),
  }),
});

/** Renders like Helm: Go templates with sprig (Debian golang-go, golang-github-masterminds-sprig-dev). */
function render(changes: Record<string, unknown>): Loose[] {
  const values = merge(defaults, changes);
  const isValid = new Ajv({ strict: false }).compile(schema);
  if (!isValid(values)) throw new Error(JSON.stringify(isValid.errors));
  const file = join(mkdtempSync(join(tmpdir(), 'runwatch-helm-')), 'values.yaml');
  writeFileSync(file, stringify(values));
  const text = execFileSync('go', ['run', join(__dirname, '../deploy/render.go'), chart, file], {
    encoding: 'utf8',
    env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(text).not.toContain('<no value>');
  return parseAllDocuments(text)
    .map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    })
    .filter((document) => document !== null);
}

/** Checks each object against the schema of its kind. */
function validate(objects: Loose[]): void {
  for (const object of objects)
    new (kinds[object.kind] as never as typeof apps.Deployment)(object).validate();
}

test('the chart is valid for Kubernetes and runs with minimal privileges', () => {
  const objects = render({});
  expect(objects.map(({ kind }) => kind).sort()).toEqual([
    ...['Deployment', 'Deployment', 'Deployment'],
    ...['PodDisruptionBudget', 'PodDisruptionBudget', 'PodDisruptionBudget'],
    ...['Secret', 'Service', 'ServiceAccount'],
  ]);
  validate(objects);
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');
  const roles = deployments.flatMap(({ spec }) => spec.template.spec.containers[0].args[2].split(','));
  expect(roles.sort()).toEqual([...allRoles].sort());
  for (const { spec } of deployments) {
    const [container] = spec.template.spec.containers;
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec.template.spec.securityContext.runAsNonRoot).toBe(true);
    expect(container.resources.limits.memory).toBeDefined();
    const serves = container.args[2].split(',').includes('serve');
    expect(container.ports).toEqual([{ name: 'http', containerPort: serves ? 3000 : 9464 }]);
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    const spread = spec.template.spec.topologySpreadConstraints;
    expect(spread.map(({ topologyKey }: Loose) => topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    for (const { labelSelector } of spread)
      expect(spec.template.metadata.labels).toMatchObject(labelSelector.matchLabels);
    expect(container.env).toContainEqual({ name: 'RUNWATCH_METRICS_PORT', value: '9464' });
    expect(spec.template.metadata.annotations['prometheus.io/port']).toBe(serves ? '3000' : '9464');
    for (const { name } of container.env)
      expect(Object.keys(allVariables(surfaceDefinitions()).schemas)).toContain(name);
  }
});

test('with KEDA the deliverers scale with their queues; the network policy is valid', () => {
  const objects = render({
    keda: { enabled: true, redisAddress: 'redis.contoso.example:10000', tls: true },
    networkPolicy: { enabled: true, from: [{ podSelector: { matchLabels: { app: 'ingress' } } }] },
    config: { accessReview: 'monthly' },
  });
  validate(objects);
  const scaled = objects.find(({ kind }) => kind === 'ScaledObject');
  expect(scaled.spec.triggers.map((trigger: Loose) => trigger.metadata.listName)).toEqual([
    '{runwatch}:deliver:wait',
    '{runwatch}:respond:wait',
  ]);
  const target = objects.find(({ metadata }) => metadata.name === scaled.spec.scaleTargetRef.name);
  expect(target.spec.replicas).toBeUndefined();
  const { stringData } = objects.find(({ kind }) => kind === 'Secret');
  expect(parse(stringData['runwatch.yaml'])).toEqual({ accessReview: 'monthly' });
});

test('private images, other variables and other volumes reach every workload', () => {
  const objects = render({
    imagePullSecrets: [{ name: 'registry' }],
    extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/ca/ca.crt' }],
    extraVolumes: [{ name: 'ca', configMap: { name: 'company-ca' } }],
    extraVolumeMounts: [{ name: 'ca', mountPath: '/ca', readOnly: true }],
    valkey: { enabled: true },
  });
  validate(objects);
  for (const { spec } of objects.filter(({ kind }) => /^(Deployment|StatefulSet)$/.test(kind)))
    expect(spec.template.spec.imagePullSecrets).toEqual([{ name: 'registry' }]);
  for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment')) {
    const [container] = spec.template.spec.containers;
    expect(container.env).toContainEqual({ name: 'NODE_EXTRA_CA_CERTS', value: '/ca/ca.crt' });
    const mounted = container.volumeMounts.map(({ name }: Loose) => name).sort();
    expect(mounted).toEqual(spec.template.spec.volumes.map(({ name }: Loose) => name).sort());
    expect(mounted).toContain('ca');
  }
});

test('the ingress serves people and chats by https only, and is the public URL', () => {
  const objects = render({
    ingress: {
      enabled: true,
      className: 'nginx',
      host: 'runwatch.contoso.example',
      tlsSecret: 'runwatch-tls',
    },
  });
  validate(objects);
  const { spec } = objects.find(({ kind }) => kind === 'Ingress');
  expect(spec.tls).toEqual([{ hosts: ['runwatch.contoso.example'], secretName: 'runwatch-tls' }]);
  const [{ http }] = spec.rules;
  expect(http.paths.map(({ path }: Loose) => path)).toEqual(['/console', '/queues', '/slack', '/api']);
  const service = objects.find(({ kind }) => kind === 'Service');
  for (const { backend } of http.paths) {
    expect(backend.service.name).toBe(service.metadata.name);
    expect(service.spec.ports.map(({ name }: Loose) => name)).toContain(backend.service.port.name);
  }
  for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment'))
    expect(spec.template.spec.containers[0].env).toContainEqual({
      name: 'RUNWATCH_PUBLIC_URL',
      value: 'https://runwatch.contoso.example',
    });
});

test('the egress policy leaves out the identity of the node', () => {
  const objects = render({
    networkPolicy: {
      enabled: true,
      egress: { enabled: true, extra: [{ ports: [{ port: 3128 }] }] },
    },
    valkey: { enabled: true },
  });
  validate(objects);
  const { spec } = objects.find(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && !metadata.name.endsWith('valkey'),
  );
  expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
  const ports = spec.egress.map((rule: Loose) => rule.ports.map(({ port }: Loose) => port));
  expect(ports).toEqual([[53, 53], [6379], [443, 5671, 6379, 10000], [3128]]);
  const labels = objects.find(({ kind }) => kind === 'StatefulSet').spec.template.metadata.labels;
  expect(labels).toMatchObject(spec.egress[1].to[0].podSelector.matchLabels);
  expect(spec.egress[2].to[0].ipBlock.except).toEqual(['169.254.169.254/32']);
});

test('Valkey keeps everything, asks for a password and is reached by nothing else', () => {
  const objects = render({
    valkey: { enabled: true },
    keda: { enabled: true },
    networkPolicy: { enabled: true },
  });
  validate(objects);
  const { metadata, spec } = objects.find(({ kind }) => kind === 'StatefulSet');
  const [container] = spec.template.spec.containers;
  expect(container.command.join(' ')).toMatch(/requirepass.*--appendonly yes --maxmemory-policy noeviction/s);
  expect(container.securityContext).toMatchObject({
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
    expect(container[probe].exec.command.join(' ')).toContain('valkey-cli ping');
  const password = { secretKeyRef: { name: 'runwatch', key: 'REDIS_PASSWORD' } };
  expect(container.env).toEqual([{ name: 'REDISCLI_AUTH', valueFrom: password }]);
  for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment')) {
    const { env } = spec.template.spec.containers[0];
    const names = env.map(({ name }: Loose) => name);
    // Kubernetes only expands what comes before.
    expect(names.indexOf('REDIS_PASSWORD')).toBeLessThan(names.indexOf('REDIS_URL'));
    expect(env).toContainEqual({ name: 'REDIS_PASSWORD', valueFrom: password });
    expect(env).toContainEqual({
      name: 'REDIS_URL',
      value: `redis://:$(REDIS_PASSWORD)@${metadata.name}:6379`,
    });
  }
  const scaled = objects.find(({ kind }) => kind === 'ScaledObject');
  expect(scaled.spec.triggers[0].metadata).toMatchObject({
    address: `${metadata.name}.runwatch:6379`,
    enableTLS: 'false',
  });
  const guard = objects.find(
    ({ kind, metadata: { name } }) => kind === 'NetworkPolicy' && name === metadata.name,
  );
  expect(guard.spec.podSelector.matchLabels).toEqual(spec.selector.matchLabels);
  expect(guard.spec.ingress[0].from).toHaveLength(2);
});

test('secrets are in Secrets only', () => {
  expect(render({}).map(({ kind }) => kind)).not.toContain('ConfigMap');
  const { secrets } = allVariables(surfaceDefinitions());
  expect([...schema.properties.env.propertyNames.not.enum].sort()).toEqual(
    [...secrets, 'AZURE_CLIENT_SECRET', 'REDIS_PASSWORD'].sort(),
  );
  expect(() => render({ env: { SLACK_BOT_TOKEN: 'xoxb-1' } })).toThrow(/SLACK_BOT_TOKEN/);
});

test('with a ServiceMonitor, Prometheus reads the processes of every role', () => {
  const objects = render({ serviceMonitor: { enabled: true, labels: { release: 'kube-prometheus' } } });
  const monitor = serviceMonitor.parse(objects.find(({ kind }) => kind === 'ServiceMonitor'));
  expect(monitor.metadata.labels.release).toBe('kube-prometheus');
  const selected = objects.filter(
    ({ kind, metadata }) =>
      kind === 'Service' &&
      Object.entries(monitor.spec.selector.matchLabels).every(
        ([key, value]) => metadata.labels[key] === value,
      ),
  );
  expect(selected).toHaveLength(1);
  const [service] = selected;
  new core.Service(service).validate();
  const [endpoint] = monitor.spec.endpoints;
  const port = service.spec.ports.find(({ name }: Loose) => name === endpoint?.port);
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');
  expect(deployments).toHaveLength(3);
  for (const { spec } of deployments) {
    expect(spec.template.metadata.labels).toMatchObject(service.spec.selector);
    expect(spec.template.spec.containers[0].ports.map(({ name }: Loose) => name)).toContain(port.targetPort);
  }
  expect(endpoint?.authorization.credentials.name).toBe(defaults.existingSecret);
  expect(Object.keys(allVariables(surfaceDefinitions()).schemas)).toContain(
    endpoint?.authorization.credentials.key,
  );
  expect(render({ serviceMonitor: { enabled: false } }).map(({ kind }) => kind)).not.toContain(
    'ServiceMonitor',
  );
});

test('invalid values are rejected', () => {
  expect(() => render({ keda: { enabled: true, redisAddress: '' } })).toThrow(/redisAddress/);
  expect(() => render({ ingress: { enabled: true, host: '', tlsSecret: '' } })).toThrow(/host/);
  expect(() => render({ ingress: { enabled: true, host: 'a.example', tlsSecret: '' } })).toThrow(/tlsSecret/);
  expect(() => render({ workers: { all: { roles: 'everything', replicas: 1 } } })).toThrow(/pattern/);
});
