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
  Service: core.Service,
  ServiceAccount: core.ServiceAccount,
  Secret: core.Secret,
  NetworkPolicy: networking.NetworkPolicy,
  PodDisruptionBudget: policy.PodDisruptionBudget,
  ScaledObject: keda.ScaledObject,
  TriggerAuthentication: keda.TriggerAuthentication,
};

/** Renders like Helm: Go templates with sprig (Debian golang-go, golang-github-masterminds-sprig-dev). */
function render(changes: Record<string, unknown>): Loose[] {
  const values = { ...defaults, ...changes };
  const validate = new Ajv({ strict: false }).compile(schema);
  if (!validate(values)) throw new Error(JSON.stringify(validate.errors));
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

test('the chart is valid for Kubernetes and runs with minimal privileges', () => {
  const objects = render({});
  expect(objects.map(({ kind }) => kind).sort()).toEqual([
    ...['Deployment', 'Deployment', 'Deployment'],
    ...['PodDisruptionBudget', 'PodDisruptionBudget', 'PodDisruptionBudget'],
    ...['Secret', 'Service', 'ServiceAccount'],
  ]);
  for (const object of objects)
    new (kinds[object.kind] as never as typeof apps.Deployment)(object).validate();
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
  for (const object of objects)
    new (kinds[object.kind] as never as typeof apps.Deployment)(object).validate();
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

test('invalid values are rejected', () => {
  expect(() => render({ keda: { enabled: true, redisAddress: '' } })).toThrow(/redisAddress/);
  expect(() => render({ workers: { all: { roles: 'everything', replicas: 1 } } })).toThrow(/pattern/);
});
