// Parameters of main.bicep. Keep this file: each deployment sets all of them again.
// Secrets come from the environment, are stored in the vault, and keep their values where the variable is not set.
using 'main.bicep'

param image = 'ghcr.io/runwatch/runwatch:0.1.0'
param slackChannel = readEnvironmentVariable('SLACK_CHANNEL', '')
param slackBotToken = readEnvironmentVariable('SLACK_BOT_TOKEN', '')
param slackAppToken = readEnvironmentVariable('SLACK_APP_TOKEN', '')
param consoleToken = readEnvironmentVariable('RUNWATCH_CONSOLE_TOKEN', '')
param runwatchSecret = readEnvironmentVariable('RUNWATCH_SECRET', '')

// Who may act, e.g. '*@contoso.example'. They can act once mayRespond is true.
param responders = ''
param mayRespond = false

// 'external' to reach the console from the internet, and for Teams.
param ingress = 'none'
