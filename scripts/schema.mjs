// Generates schema/exceptions.json (the published JSON schema for exceptions in YAML), schema/webhook.json,
// schema/openapi.json (the HTTP API) and docs/configuration.md from the schemas in the code, and the action table
// in docs/guide.md from the action definitions, and the table of techniques in docs/detections.md from the catalogue.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { z } = require('zod');
const { exceptionsFileSchema } = require('../dist/domain/exceptions/exceptions-file.js');

const { webhookBodySchema } = require('../dist/domain/webhooks/webhook-body.js');

function publish(name, title, schema) {
  const described = { $id: `https://runwatch.example/schema/${name}`, title, ...schema };
  writeFileSync(new URL(`../schema/${name}`, import.meta.url), `${JSON.stringify(described, null, 2)}\n`);
}
publish('exceptions.json', 'Runwatch exceptions', z.toJSONSchema(exceptionsFileSchema, { io: 'input' }));
// Receivers have to accept fields that later versions add.
publish('webhook.json', 'Runwatch webhook', z.toJSONSchema(webhookBodySchema, { io: 'input' }));

const { apiDocument, exampleOpenIdUrl } = require('../dist/api/api.js');
writeFileSync(
  new URL('../schema/openapi.json', import.meta.url),
  `${JSON.stringify(apiDocument(exampleOpenIdUrl), null, 2)}\n`,
);

const { surfaceDefinitions } = require('../dist/chat/surfaces.js');
const { configurationDoc } = require('../dist/config/configuration-docs.js');
const env = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
writeFileSync(
  new URL('../docs/configuration.md', import.meta.url),
  configurationDoc(env, surfaceDefinitions()),
);

const { withActionTable } = require('../dist/action-docs.js');
const guide = new URL('../docs/guide.md', import.meta.url);
writeFileSync(guide, withActionTable(readFileSync(guide, 'utf8')));

const { withDetectionTable } = require('../dist/detection-docs.js');
const detections = new URL('../docs/detections.md', import.meta.url);
writeFileSync(detections, withDetectionTable(readFileSync(detections, 'utf8')));
