// The bot as a Container App with a managed identity, Azure Managed Redis and Key Vault. runwatch.bicepparam holds its parameters:
//   az deployment group create -g rg-runwatch -p deploy/azure/runwatch.bicepparam
// It can be repeated: secrets that are not given keep their values. Deployment requires permission to assign roles on the subscription
// and on the resources whose ids are given (User Access Administrator).
targetScope = 'resourceGroup'

@description('Location of all resources.')
param location string = resourceGroup().location

@description('Prefix of all resource names; lowercase letters and digits.')
@minLength(3)
@maxLength(12)
param name string = 'runwatch'

@description('The image, e.g. contoso.azurecr.io/runwatch:0.1.0.')
param image string

@description('Resource ID of the Azure Container Registry that has the image; the bot\'s identity then pulls from it. Empty: a public image.')
param registryId string = ''

@description('How the console, Slack over HTTP and Teams are reached. none: not at all, which is enough for Slack by Socket Mode; internal: from the virtual network; external: from the internet, which Teams needs.')
@allowed(['none', 'internal', 'external'])
param ingress string = 'none'

@description('Redis and the vault are reached by private endpoints only, in a virtual network of their own. Choose at the first deployment: the environment of Container Apps can\'t move into a network.')
param privateEndpoints bool = false

@description('Address range of that virtual network, /24 or larger.')
param addressPrefix string = '10.90.0.0/24'

@description('Create the bot\'s roles and assign them on this subscription. False: they are assigned elsewhere, e.g. on a management group (docs/start.md).')
param assignRoles bool = true

@description('Also assign the responder role to the bot. Without it, actions that change Azure fail and name the missing permission.')
param mayRespond bool = false

@description('Resource ID of a managed identity with the role of `runwatch manifest azure-role --role script-fetcher`, for _Fetch script_ (docs/guide.md). Empty: none of its own.')
param fetchIdentityId string = ''

@description('Subscriptions to monitor. Empty: all that the bot\'s identity can read.')
param subscriptionIds array = assignRoles ? [subscription().subscriptionId] : []

@description('Resource ID of the event hub namespace that receives the activity log from a diagnostic setting. The bot\'s identity may then receive from it. Empty: polling only.')
param eventHubNamespaceId string = ''

@description('Event hub in that namespace.')
param eventHubName string = 'insights-activity-logs'

@description('Consumer group of the bot in that event hub.')
param eventHubConsumerGroup string = '$Default'

@description('Resource ID of a Log Analytics workspace with the activity log, for the history and `replay --workspace`, or with logs of machines and sign-ins, as evidence on alerts. The bot\'s identity may then query these tables. Empty: none.')
param logAnalyticsWorkspaceId string = ''

@description('Who may act on Azure and add exceptions, comma-separated. Empty: nobody.')
param responders string = ''

@description('Who may read in chat and in the console, comma-separated. Empty: members of a channel that alerts go to.')
param readers string = ''

@description('Where people reach the console, e.g. https://runwatch.contoso.example. Empty: the address of the Container App, if it has an ingress.')
param publicUrl string = ''

@description('Proxies whose forwarded headers are believed: addresses or ranges, comma-separated.')
param trustedProxies string = ''

@description('Slack channel for alerts, e.g. C0123456789. Empty: no Slack.')
param slackChannel string = ''

@description('Slack calls the bot at its public URL, with slackSigningSecret, instead of by Socket Mode, with slackAppToken.')
param slackOverHttp bool = false

@description('Bot token of the Slack app, xoxb-…')
@secure()
param slackBotToken string = ''

@description('App-level token for Socket Mode, xapp-…')
@secure()
param slackAppToken string = ''

@description('Signing secret of the Slack app.')
@secure()
param slackSigningSecret string = ''

@description('Microsoft app ID of the Teams bot. Empty: no Teams.')
param teamsAppId string = ''

@description('Password of the Teams bot.')
@secure()
param teamsAppPassword string = ''

@description('Tenant of the Teams bot.')
param teamsTenantId string = subscription().tenantId

@description('Teams channel for alerts. Empty: the channels in which a responder says "alerts here" to the bot.')
param teamsChannel string = ''

@description('Cloud of Teams.')
@allowed(['public', 'gcc', 'gcchigh', 'dod', 'china'])
param teamsCloud string = 'public'

@description('Issuer for the sign-in to the console, e.g. https://login.microsoftonline.com/TENANT/v2.0 (docs/sign-in.md). Empty: the console asks for consoleToken.')
param oidcIssuer string = ''

@description('Application registered there.')
param oidcClientId string = ''

@description('Secret of that application.')
@secure()
param oidcClientSecret string = ''

@description('Token required by the web console without sign-in: openssl rand -hex 16.')
@secure()
param consoleToken string = ''

@description('Token required by /metrics, if metrics is true.')
@secure()
param metricsToken string = ''

@description('/metrics asks for metricsToken and shows all metrics. False: it leaves out those with the names of subscriptions.')
param metrics bool = false

@description('Secret for the keys of sessions, queued actions and the audit log: openssl rand -base64 32. Needed at the first deployment.')
@secure()
param runwatchSecret string = ''

@description('The secret before, while it is being replaced.')
@secure()
param runwatchSecretPrevious string = ''

@description('Content of RUNWATCH_CONFIG, e.g. loadTextContent(\'runwatch.yaml\'). Databases of addresses (geo) are not mounted.')
@secure()
param config string = ''

@description('Seconds between polls.')
@minValue(1)
@maxValue(3600)
param pollSeconds int = 60

@description('How far behind its watermark each poll reads again, in minutes.')
@minValue(1)
param lookbackMinutes int = 25

@description('Days that alerts are kept after their last change.')
@minValue(1)
@maxValue(3650)
param keepDays int = 400

@description('Collector of OpenTelemetry traces (OTLP over HTTP), e.g. https://otlp.contoso.example. Empty: no traces.')
param otlpEndpoint string = ''

@description('The collector needs the headers of otlpHeaders.')
param otlpAuthenticated bool = false

@description('Headers for the collector, as NAME=VALUE, comma-separated.')
@secure()
param otlpHeaders string = ''

@allowed(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
param logLevel string = 'info'

@description('More variables by name, e.g. { HTTPS_PROXY: \'http://proxy:3128\', NODE_USE_ENV_PROXY: \'1\' }.')
param moreVariables object = {}

var suffix = uniqueString(resourceGroup().id)
var vaultName = '${name}-${take(suffix, 8)}'
var vaultUrl = 'https://${vaultName}${az.environment().suffixes.keyvaultDns}/secrets'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var useSlack = !empty(slackChannel)
var clouds = {
  AzureUSGovernment: 'usgovernment'
  AzureChinaCloud: 'china'
}
var azureCloud = clouds[?az.environment().name] ?? 'public'

// A secret that is used but not given is in the vault since an earlier deployment.
var secrets = [
  { name: 'slack-bot-token', variable: 'SLACK_BOT_TOKEN', used: useSlack, value: slackBotToken }
  { name: 'slack-app-token', variable: 'SLACK_APP_TOKEN', used: useSlack && !slackOverHttp, value: slackAppToken }
  { name: 'slack-signing-secret', variable: 'SLACK_SIGNING_SECRET', used: useSlack && slackOverHttp, value: slackSigningSecret }
  { name: 'teams-app-password', variable: 'TEAMS_APP_PASSWORD', used: !empty(teamsAppId), value: teamsAppPassword }
  { name: 'oidc-client-secret', variable: 'RUNWATCH_OIDC_CLIENT_SECRET', used: !empty(oidcIssuer), value: oidcClientSecret }
  { name: 'console-token', variable: 'RUNWATCH_CONSOLE_TOKEN', used: empty(oidcIssuer), value: consoleToken }
  { name: 'metrics-token', variable: 'RUNWATCH_METRICS_TOKEN', used: metrics, value: metricsToken }
  { name: 'otlp-headers', variable: 'OTEL_EXPORTER_OTLP_HEADERS', used: otlpAuthenticated, value: otlpHeaders }
  { name: 'runwatch-secret', variable: 'RUNWATCH_SECRET', used: true, value: runwatchSecret }
  { name: 'runwatch-secret-previous', variable: 'RUNWATCH_SECRET_PREVIOUS', used: !empty(runwatchSecretPrevious), value: runwatchSecretPrevious }
]
var usedSecrets = filter(secrets, secret => secret.used)

var settings = {
  AZURE_CLOUD: azureCloud
  AZURE_SUBSCRIPTION_IDS: join(subscriptionIds, ',')
  EVENT_HUB_NAME: eventHubName
  EVENT_HUB_CONSUMER_GROUP: eventHubConsumerGroup
  SLACK_CHANNEL: slackChannel
  TEAMS_APP_ID: teamsAppId
  TEAMS_TENANT_ID: empty(teamsAppId) ? '' : teamsTenantId
  TEAMS_CHANNEL: teamsChannel
  TEAMS_CLOUD: empty(teamsAppId) ? '' : teamsCloud
  RUNWATCH_OIDC_ISSUER: oidcIssuer
  RUNWATCH_OIDC_CLIENT_ID: oidcClientId
  RUNWATCH_RESPONDERS: responders
  RUNWATCH_READERS: readers
  RUNWATCH_TRUSTED_PROXIES: trustedProxies
  RUNWATCH_POLL_SECONDS: string(pollSeconds)
  RUNWATCH_LOOKBACK_MINUTES: string(lookbackMinutes)
  RUNWATCH_KEEP_DAYS: string(keepDays)
  RUNWATCH_LOG_LEVEL: logLevel
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
  RUNWATCH_HOST: '0.0.0.0'
  RUNWATCH_CONFIG: empty(config) ? '' : '/config/runwatch.yaml'
}
var variables = filter(items(union(settings, moreVariables)), variable => !empty(variable.value))

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-bot'
  location: location
}

resource fetchIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = if (!empty(fetchIdentityId)) {
  name: last(split(fetchIdentityId, '/'))
  scope: resourceGroup(split(fetchIdentityId, '/')[?2] ?? subscription().subscriptionId, split(fetchIdentityId, '/')[?4] ?? resourceGroup().name)
}

module roles 'roles.bicep' = if (assignRoles) {
  name: '${name}-roles'
  scope: subscription()
  params: {
    name: name
    principalId: identity.properties.principalId
    mayRespond: mayRespond
  }
}

module pull 'pull.bicep' = if (!empty(registryId)) {
  name: '${name}-pull'
  scope: resourceGroup(split(registryId, '/')[?2] ?? subscription().subscriptionId, split(registryId, '/')[?4] ?? resourceGroup().name)
  params: {
    registryName: last(split(registryId, '/'))
    principalId: identity.properties.principalId
  }
}

module hub 'hub.bicep' = if (!empty(eventHubNamespaceId)) {
  name: '${name}-hub'
  scope: resourceGroup(split(eventHubNamespaceId, '/')[?2] ?? subscription().subscriptionId, split(eventHubNamespaceId, '/')[?4] ?? resourceGroup().name)
  params: {
    namespaceName: last(split(eventHubNamespaceId, '/'))
    principalId: identity.properties.principalId
  }
}

module workspace 'workspace.bicep' = if (!empty(logAnalyticsWorkspaceId)) {
  name: '${name}-workspace'
  scope: resourceGroup(split(logAnalyticsWorkspaceId, '/')[?2] ?? subscription().subscriptionId, split(logAnalyticsWorkspaceId, '/')[?4] ?? resourceGroup().name)
  params: {
    name: name
    workspaceName: last(split(logAnalyticsWorkspaceId, '/'))
    principalId: identity.properties.principalId
  }
}

module network 'network.bicep' = if (privateEndpoints) {
  name: '${name}-network'
  params: {
    name: name
    location: location
    addressPrefix: addressPrefix
    vaultId: vault.id
    redisId: redis.id
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

resource redis 'Microsoft.Cache/redisEnterprise@2025-07-01' = {
  name: '${name}-${suffix}'
  location: location
  sku: {
    name: 'Balanced_B1'
  }
  properties: {
    highAvailability: 'Enabled'
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateEndpoints ? 'Disabled' : 'Enabled'
  }
}

// Queues and the audit log are stored here, so nothing may be evicted and everything is on disk within a second.
resource database 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' = {
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
  name: vaultName
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
    publicNetworkAccess: privateEndpoints ? 'Disabled' : 'Enabled'
    // Deployments write secrets as a trusted service.
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateEndpoints ? 'Deny' : 'Allow'
    }
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

resource givenSecrets 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = [
  for secret in secrets: if (!empty(secret.value)) {
    parent: vault
    name: secret.name
    properties: {
      value: secret.value
    }
  }
]

resource configSecret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(config)) {
  parent: vault
  name: 'runwatch-config'
  properties: {
    value: config
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
    workloadProfiles: privateEndpoints ? [{ name: 'Consumption', workloadProfileType: 'Consumption' }] : null
    vnetConfiguration: privateEndpoints ? { infrastructureSubnetId: network.outputs.appsSubnetId, internal: ingress == 'internal' } : null
  }
}

var address = ingress == 'none' ? '' : 'https://${name}.${ingress == 'internal' ? 'internal.' : ''}${environment.properties.defaultDomain}'

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: union({ '${identity.id}': {} }, empty(fetchIdentityId) ? {} : { '${fetchIdentityId}': {} })
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: privateEndpoints ? 'Consumption' : null
    configuration: {
      activeRevisionsMode: 'Single'
      registries: empty(registryId) ? [] : [{ server: split(image, '/')[0], identity: identity.id }]
      ingress: ingress == 'none' ? null : {
        external: ingress == 'external'
        targetPort: 3000
        transport: 'http'
        allowInsecure: false
      }
      secrets: concat(
        [{ name: 'redis-url', keyVaultUrl: '${vaultUrl}/redis-url', identity: identity.id }],
        map(usedSecrets, secret => { name: secret.name, keyVaultUrl: '${vaultUrl}/${secret.name}', identity: identity.id }),
        empty(config) ? [] : [{ name: 'runwatch-config', keyVaultUrl: '${vaultUrl}/runwatch-config', identity: identity.id }]
      )
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
          env: concat(
            [
              { name: 'REDIS_URL', secretRef: 'redis-url' }
              { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
              { name: 'AZURE_TENANT_ID', value: subscription().tenantId }
              { name: 'RUNWATCH_FETCH_CLIENT_ID', value: empty(fetchIdentityId) ? '' : fetchIdentity.properties.clientId }
              { name: 'EVENT_HUB_NAMESPACE', value: empty(eventHubNamespaceId) ? '' : hub.outputs.host }
              { name: 'LOG_ANALYTICS_WORKSPACE_ID', value: empty(logAnalyticsWorkspaceId) ? '' : workspace.outputs.customerId }
              { name: 'RUNWATCH_PUBLIC_URL', value: empty(publicUrl) ? address : publicUrl }
            ],
            map(usedSecrets, secret => { name: secret.variable, secretRef: secret.name }),
            map(variables, variable => { name: variable.key, value: variable.value })
          )
          volumeMounts: empty(config) ? [] : [{ volumeName: 'config', mountPath: '/config' }]
          probes: [
            { type: 'Liveness', httpGet: { path: '/healthz', port: 3000 }, periodSeconds: 15 }
            { type: 'Readiness', httpGet: { path: '/readyz', port: 3000 }, periodSeconds: 5, timeoutSeconds: 3 }
            { type: 'Startup', httpGet: { path: '/healthz', port: 3000 }, failureThreshold: 30 }
          ]
        }
      ]
      volumes: empty(config) ? [] : [
        { name: 'config', storageType: 'Secret', secrets: [{ secretRef: 'runwatch-config', path: 'runwatch.yaml' }] }
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
    redisUrl
    givenSecrets
    configSecret
    pull
    roles
  ]
}

output console string = ingress == 'none' ? '' : '${empty(publicUrl) ? address : publicUrl}/console'
output principalId string = identity.properties.principalId
