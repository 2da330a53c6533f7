import { readFileSync } from 'node:fs';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { slackManifest } from '../../src/chat/slack/slack-manifest';
import { teamsManifest } from '../../src/chat/teams/teams-manifest';

/** The parts that we use of github.com/slackapi/manifest-schema (schemas/manifest.schema.1.0.0.json). */
const url = z
  .string()
  .max(3000)
  .regex(/^https?:\/\//);
const slackSchema = z.strictObject({
  display_information: z.strictObject({
    name: z.string().min(1).max(35),
    description: z.string().min(1).max(140),
    background_color: z.string().regex(/^#[0-9a-f]{6}$/i),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.strictObject({ display_name: z.string().min(1).max(80), always_online: z.boolean() }),
    shortcuts: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(24),
          type: z.enum(['message', 'global']),
          callback_id: z.string().min(1).max(255),
          description: z.string().min(1).max(150),
        }),
      )
      .max(10),
    slash_commands: z
      .array(
        z.strictObject({
          command: z.string().min(2).max(32).startsWith('/'),
          url: url.optional(),
          description: z.string().min(1).max(2000),
          usage_hint: z.string().min(1).max(1000),
          should_escape: z.boolean(),
        }),
      )
      .max(50),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(z.string()).min(1).max(255) }) }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({
      request_url: url.optional(),
      bot_events: z.array(z.string()).max(100),
    }),
    interactivity: z.strictObject({
      is_enabled: z.boolean(),
      request_url: url.optional(),
      message_menu_options_url: url.optional(),
    }),
    org_deploy_enabled: z.boolean(),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.boolean(),
  }),
});

test.each([undefined, 'https://runwatch.contoso.example/'])(
  "the Slack manifest matches Slack's schema (%s)",
  (at) => {
    const manifest = slackManifest(at);
    expect(() => slackSchema.parse(manifest)).not.toThrow();
    expect(manifest.settings.socket_mode_enabled).toBe(at === undefined);
    const { request_url: pressed, message_menu_options_url: typed } = manifest.settings.interactivity;
    for (const one of [pressed, typed])
      expect(one).toBe(at && 'https://runwatch.contoso.example/slack/events');
  },
);

test("the Teams manifest matches Microsoft's schema for its version", () => {
  const manifest = teamsManifest('a0b1c2d3-0000-4000-8000-000000000001');
  const at = require.resolve(
    `@microsoft/app-manifest/build/json-schemas/teams/v${manifest.manifestVersion}/MicrosoftTeams.schema.json`,
  );
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(at, 'utf8')));
  validate(manifest);
  expect(validate.errors).toBeNull();
  expect(validate({ ...manifest, accentColor: 'blue' })).toBe(false);
});
