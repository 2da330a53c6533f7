// The two custom roles of `runwatch manifest azure-role` (its output is in roles.json) and their assignments.
targetScope = 'subscription'

@description('Prefix of all resource names.')
param name string

@description('Object ID of the bot.')
param principalId string

@description('Also assign the responder role.')
param mayRespond bool

var roles = loadJsonContent('roles.json')

resource definitions 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for role in roles: {
    name: guid(subscription().id, name, role.name)
    properties: {
      // Names of roles are unique in a tenant, and those of docs/start.md have no suffix.
      roleName: '${role.name} (${name}, ${subscription().subscriptionId})'
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
        subscription().id
      ]
    }
  }
]

resource watches 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, 'watcher')
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: definitions[0].id
  }
}

resource responds 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (mayRespond) {
  name: guid(subscription().id, principalId, 'responder')
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: definitions[1].id
  }
}
