// Lets the bot's identity receive from an event hub namespace, which may be in another resource group.
targetScope = 'resourceGroup'

param namespaceName string

@description('Object ID of the bot.')
param principalId string

var dataReceiver = 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'

resource hubs 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource receives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hubs.id, principalId, dataReceiver)
  scope: hubs
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataReceiver)
  }
}

// serviceBusEndpoint is https://HOST:443/.
output host string = split(replace(hubs.properties.serviceBusEndpoint, 'https://', ''), ':')[0]
