/** Callback id of the message shortcut that adds a message to an alert. */
export const addToAlertShortcut = 'add_to_alert';

/** OAuth scopes of the Slack app. @see https://docs.slack.dev/reference/scopes */
export const slackScopes = [
  'chat:write',
  'channels:history',
  'groups:history',
  'commands',
  'users:read',
  'users:read.email',
  'usergroups:read',
  'channels:read',
  'groups:read',
  'channels:manage',
];

/** Slack's app manifest. @see https://docs.slack.dev/reference/app-manifest */
export function slackManifest(url: string | undefined) {
  const requestUrl = url ? `${url.replace(/\/+$/, '')}/slack/events` : undefined;
  return {
    display_information: {
      name: 'Runwatch',
      description: 'Detects commands run on Azure machines through the control plane',
      background_color: '#0757ba',
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      bot_user: { display_name: 'Runwatch', always_online: true },
      shortcuts: [
        {
          name: 'Add to alert',
          type: 'message',
          callback_id: addToAlertShortcut,
          description: 'Add this message to the thread of an open alert',
        },
      ],
      slash_commands: [
        {
          command: '/runwatch',
          description: 'Roles, who can run commands, exceptions, status',
          usage_hint: 'roles [CALLER] [SCOPE] | who-can [SCOPE] | exceptions | status | help',
          should_escape: false,
          ...(requestUrl ? { url: requestUrl } : {}),
        },
      ],
    },
    oauth_config: { scopes: { bot: slackScopes } },
    settings: {
      event_subscriptions: {
        bot_events: ['app_home_opened'],
        ...(requestUrl ? { request_url: requestUrl } : {}),
      },
      interactivity: {
        is_enabled: true,
        ...(requestUrl ? { request_url: requestUrl, message_menu_options_url: requestUrl } : {}),
      },
      org_deploy_enabled: false,
      socket_mode_enabled: !requestUrl,
      token_rotation_enabled: false,
    },
  };
}
