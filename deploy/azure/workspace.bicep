// Lets the bot's identity query the tables that it reads, and no others: the role of `runwatch manifest azure-role --role log-reader`
// (log-reader.json), assigned on the workspace.
targetScope = 'resourceGroup'

@description('Prefix of all resource names.')
param name string

param workspaceName string

@description('Object ID of the bot.')
param principalId string

var role = loadJsonContent('log-reader.json')

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource definition 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, name, role.name)
  properties: {
    // Names of roles are unique in a tenant.
    roleName: '${role.name} (${name}, ${uniqueString(resourceGroup().id)})'
    description: role.description
    type: 'CustomRole'
    permissions: [
      {
        actions: role.actions
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [
      resourceGroup().id
    ]
  }
}

resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(workspace.id, principalId, definition.id)
  scope: workspace
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', definition.name)
  }
}

output customerId string = workspace.properties.customerId
