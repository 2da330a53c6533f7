/** Every key carries the hash tag {runwatch}, so that one script may touch several of them on a Redis Cluster. */
const key = (...parts: string[]) => ['{runwatch}', ...parts].join(':');

export const queuePrefix = '{runwatch}';

export const keys = {
  alert: (id: string) => key('alert', id),
  alerts: key('alerts'),
  execution: (executionKey: string) => key('execution', executionKey),
  recentMachines: (callerKey: string) => key('recent', callerKey),
  burst: (callerKey: string) => key('burst', callerKey),
  history: (callerKey: string) => key('history', callerKey),
  scriptHistory: (sha256: string) => key('script', sha256),
  historyFilled: key('history-filled'),
  timeline: (owner: string) => key('timeline', owner),
  followers: (owner: string) => key('followers', owner),
  exceptions: key('exceptions'),
  exceptionUses: key('exception-uses'),
  audit: key('audit'),
  auditHead: key('audit-head'),
  auditCopies: key('audit-copies'),
  auditOnce: (id: string) => key('audit-once', id),
  watermarks: key('watermarks'),
  subscriptions: key('subscriptions'),
  seen: (subscriptionId: string) => key('seen', subscriptionId),
  throttled: (subscriptionId: string) => key('throttled', subscriptionId),
  lock: (name: string) => key('lock', name),
  unreadable: key('unreadable'),
  notice: (id: string) => key('notice', id),
  told: (surface: string, id: string) => key('told', surface, id),
  undelivered: (surface: string) => key('undelivered', surface),
  slot: (channel: string) => key('slot', channel),
  teamsConversations: key('teams-conversations'),
  teamsPosted: (contentId: string) => key('teams-posted', contentId),
  answer: (pressId: string) => key('answer', pressId),
  changes: key('changes'),
};
