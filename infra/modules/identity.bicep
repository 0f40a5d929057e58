// Who acts: a user-assigned identity, so that its roles exist before the resource that uses them.

@description('Name of the identity')
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id')
output id string = identity.id

@description('Client id, by which code asks for this identity')
output clientId string = identity.properties.clientId

@description('Tenant of the identity')
output tenantId string = identity.properties.tenantId

@description('Principal id, to which roles are given')
output principalId string = identity.properties.principalId
