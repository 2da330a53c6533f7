// What Microsoft Sentinel needs to receive alerts and the audit log: two tables, a data collection rule with an endpoint of its own, the
// role for the bot, a function and a workbook. Deploy it to the workspace's resource group:
// az deployment group create -g rg-sentinel -f deploy/sentinel/main.bicep -p workspaceName=sentinel principalId=OBJECT_ID
targetScope = 'resourceGroup'

@description('Region of the workspace. A data collection rule has to be in the same one.')
param location string = resourceGroup().location

param workspaceName string

@description('Object ID of the bot (the service principal or managed identity, not the app registration).')
param principalId string

@description('Prefix of the rule.')
param name string = 'runwatch'

@description('Days that alerts can be queried.')
@minValue(4)
@maxValue(730)
param alertDays int = 90

@description('Days that the audit log can be queried.')
@minValue(4)
@maxValue(730)
param auditDays int = 365

// A test compares these with the rows that Runwatch sends.
var columns = loadJsonContent('columns.json')

// Monitoring Metrics Publisher
var publisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource alerts 'Microsoft.OperationalInsights/workspaces/tables@2022-10-01' = {
  parent: workspace
  name: 'RunwatchAlerts_CL'
  properties: {
    plan: 'Analytics'
    retentionInDays: alertDays
    schema: {
      name: 'RunwatchAlerts_CL'
      description: 'Runwatch: each change of an alert, with the alert as it was then.'
      columns: columns.RunwatchAlerts_CL
    }
  }
}

resource audit 'Microsoft.OperationalInsights/workspaces/tables@2022-10-01' = {
  parent: workspace
  name: 'RunwatchAudit_CL'
  properties: {
    plan: 'Analytics'
    retentionInDays: auditDays
    schema: {
      name: 'RunwatchAudit_CL'
      description: 'Runwatch: who did what. Each entry has a number and the hash of the entry before.'
      columns: columns.RunwatchAudit_CL
    }
  }
}

resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: '${name}-sentinel'
  location: location
  // A direct rule has an ingestion endpoint of its own.
  kind: 'Direct'
  properties: {
    description: 'Receives the alerts and the audit log of Runwatch.'
    streamDeclarations: {
      'Custom-RunwatchAlerts_CL': {
        columns: columns.RunwatchAlerts_CL
      }
      'Custom-RunwatchAudit_CL': {
        columns: columns.RunwatchAudit_CL
      }
    }
    destinations: {
      logAnalytics: [
        {
          name: 'workspace'
          workspaceResourceId: workspace.id
        }
      ]
    }
    dataFlows: [
      {
        streams: [
          'Custom-RunwatchAlerts_CL'
        ]
        destinations: [
          'workspace'
        ]
        transformKql: 'source'
        outputStream: 'Custom-${alerts.name}'
      }
      {
        streams: [
          'Custom-RunwatchAudit_CL'
        ]
        destinations: [
          'workspace'
        ]
        transformKql: 'source'
        outputStream: 'Custom-${audit.name}'
      }
    ]
  }
}

resource publishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(rule.id, principalId, publisher)
  scope: rule
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisher)
  }
}

resource newest 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = {
  parent: workspace
  name: '${name}-alerts'
  properties: {
    category: 'Runwatch'
    displayName: 'Runwatch: each alert as it is now'
    functionAlias: 'RunwatchAlerts'
    query: loadTextContent('RunwatchAlerts.kql')
    version: 2
  }
  dependsOn: [
    alerts
  ]
}

resource entries 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = {
  parent: workspace
  name: '${name}-audit'
  properties: {
    category: 'Runwatch'
    displayName: 'Runwatch: each entry of the audit log once'
    functionAlias: 'RunwatchAudit'
    query: loadTextContent('RunwatchAudit.kql')
    version: 2
  }
  dependsOn: [
    audit
  ]
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, name, 'workbook')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'Runwatch'
    category: 'sentinel'
    sourceId: workspace.id
    serializedData: loadTextContent('workbook.json')
  }
  dependsOn: [
    newest
    entries
  ]
}

@description('sentinel.endpoint in RUNWATCH_CONFIG.')
output endpoint string = rule.properties.endpoints.logsIngestion

@description('sentinel.rule in RUNWATCH_CONFIG.')
output rule string = rule.properties.immutableId
