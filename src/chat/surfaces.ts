import './slack/slack';
import './teams/teams';

export * from './define-surface';
