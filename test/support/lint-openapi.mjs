// Lints an OpenAPI document of standard input, and prints what is wrong, one a line. Nothing is fetched.
import { text } from 'node:stream/consumers';
import { createConfig, lintFromString } from '@redocly/openapi-core';

const source = await text(process.stdin);
const config = await createConfig({ extends: ['recommended-strict'] });
const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
for (const { ruleId, severity, message, location } of problems)
  console.log(`${severity} ${ruleId}: ${message} (${location.map(({ pointer }) => pointer).join(', ')})`);
