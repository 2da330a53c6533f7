// The bot as a Container App with a managed identity, Azure Managed Redis and Key Vault:
//   az deployment group create -g rg-runwatch -f deploy/azure/main.bicep -p image=REGISTRY/runwatch:0.1.0 slackBotToken=… slackAppToken=… slackChannel=…
// Deployment requires permission to assign roles on the subscription (User Access Administrator) and to write secrets
// to the vault.
targetScope = 'resourceGroup'

@description('Location of all resources.')
param location string = resourceGroup().location

@description('Prefix of all resource names; lowercase letters and digits.')
@minLength(3)
@maxLength(12)
param name string = 'runwatch'

@description('The image, e.g. contoso.azurecr.io/runwatch:0.1.0.')
param image string

@description('Bot token of the Slack app, xoxb-…')
@secure()
param slackBotToken string

@description('App-level token for Socket Mode, xapp-…')
@secure()
param slackAppToken string

@description('Slack channel for alerts, e.g. C0123456789.')
param slackChannel string

@description('Event hub namespace that receives the activity log from a diagnostic setting, e.g. contoso.servicebus.windows.net. The bot needs Azure Event Hubs Data Receiver on it. Empty: polling only.')
param eventHubNamespace string = ''

@description('ID (GUID) of a Log Analytics workspace with the activity log, for the history and `replay --workspace`, or with logs of machines and sign-ins, as evidence on alerts. The bot needs the role of `runwatch manifest azure-role --role log-reader` on it. Empty: none.')
param logAnalyticsWorkspaceId string = ''

@description('Who may act on Azure and add exceptions, comma-separated. Empty: nobody.')
param responders string = ''

@description('Also assign the responder role to the bot. Without it, actions that change Azure fail and name the missing permission.')
param mayRespond bool = false

@description('Token required by the web console.')
@secure()
@minLength(16)
param consoleToken string

@description('Secret for the keys of sessions, queued actions and the audit log: openssl rand -base64 32. Keep it: after a change, actions queued before are not performed.')
@secure()
@minLength(32)
param runwatchSecret string

var suffix = uniqueString(resourceGroup().id)
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-bot'
  location: location
}

module watcher 'roles.bicep' = {
  name: '${name}-roles'
  scope: subscription()
  params: {
    principalId: identity.properties.principalId
    mayRespond: mayRespond
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 30
  }
}

resource redis 'Microsoft.Cache/redisEnterprise@2025-04-01' = {
  name: '${name}-${suffix}'
  location: location
  sku: {
    name: 'Balanced_B1'
  }
  properties: {
    highAvailability: 'Enabled'
    minimumTlsVersion: '1.2'
  }
}

// Queues and the audit log are stored here, so nothing may be evicted and everything is on disk within a second.
resource database 'Microsoft.Cache/redisEnterprise/databases@2025-04-01' = {
  parent: redis
  name: 'default'
  properties: {
    clientProtocol: 'Encrypted'
    clusteringPolicy: 'NoCluster'
    evictionPolicy: 'NoEviction'
    port: 10000
    accessKeysAuthentication: 'Enabled'
    persistence: {
      aofEnabled: true
      aofFrequency: '1s'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: '${name}-${take(suffix, 8)}'
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
  }
}

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource redisUrl 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'redis-url'
  properties: {
    value: 'rediss://:${uriComponent(database.listKeys().primaryKey)}@${redis.properties.hostName}:10000'
  }
}

resource botToken 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'slack-bot-token'
  properties: {
    value: slackBotToken
  }
}

resource appToken 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'slack-app-token'
  properties: {
    value: slackAppToken
  }
}

resource console 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'console-token'
  properties: {
    value: consoleToken
  }
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'runwatch-secret'
  properties: {
    value: runwatchSecret
  }
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${name}-env'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
  }
}

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    environmentId: environment.id
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: 3000
        transport: 'http'
        allowInsecure: false
      }
      secrets: [
        { name: 'redis-url', keyVaultUrl: redisUrl.properties.secretUri, identity: identity.id }
        { name: 'slack-bot-token', keyVaultUrl: botToken.properties.secretUri, identity: identity.id }
        { name: 'slack-app-token', keyVaultUrl: appToken.properties.secretUri, identity: identity.id }
        { name: 'console-token', keyVaultUrl: console.properties.secretUri, identity: identity.id }
        { name: 'runwatch-secret', keyVaultUrl: secret.properties.secretUri, identity: identity.id }
      ]
    }
    template: {
      terminationGracePeriodSeconds: 30
      containers: [
        {
          name: 'runwatch'
          image: image
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          env: [
            { name: 'REDIS_URL', secretRef: 'redis-url' }
            { name: 'SLACK_BOT_TOKEN', secretRef: 'slack-bot-token' }
            { name: 'SLACK_APP_TOKEN', secretRef: 'slack-app-token' }
            { name: 'RUNWATCH_CONSOLE_TOKEN', secretRef: 'console-token' }
            { name: 'RUNWATCH_SECRET', secretRef: 'runwatch-secret' }
            { name: 'SLACK_CHANNEL', value: slackChannel }
            { name: 'RUNWATCH_RESPONDERS', value: responders }
            { name: 'EVENT_HUB_NAMESPACE', value: eventHubNamespace }
            { name: 'LOG_ANALYTICS_WORKSPACE_ID', value: logAnalyticsWorkspaceId }
            { name: 'RUNWATCH_HOST', value: '0.0.0.0' }
            { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
            { name: 'AZURE_TENANT_ID', value: subscription().tenantId }
            { name: 'AZURE_SUBSCRIPTION_IDS', value: subscription().subscriptionId }
          ]
          probes: [
            { type: 'Liveness', httpGet: { path: '/healthz', port: 3000 }, periodSeconds: 15 }
            { type: 'Startup', httpGet: { path: '/healthz', port: 3000 }, failureThreshold: 30 }
          ]
        }
      ]
      // One replica always polls; a second takes over while the first is replaced.
      scale: {
        minReplicas: 1
        maxReplicas: 2
      }
    }
  }
  dependsOn: [
    readsSecrets
  ]
}

output console string = 'https://${app.properties.configuration.ingress.fqdn}/console'
output principalId string = identity.properties.principalId
