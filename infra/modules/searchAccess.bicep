// The search service as the rest of the deployment sees it, new or existing, and who may do what on it.
// Its own module because an existing service may be in another resource group.

@description('Name of the service')
param name string

@description('Who there is, as in access.bicep')
param grantees ('script' | 'person')[]

@description('Principal ids by name; empty where there is none')
param principals { script: string, person: string }

@description('Whether the service acts by its system-assigned identity, as an existing one does here')
param systemIdentity bool

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roles = {
  'Search Index Data Contributor': '8ebe5a00-799e-43f5-93ac-243d3dce84a7'
  'Search Service Contributor': '7ca78c08-252a-4471-8644-bb5ff32d4ba0'
}

var table = [
  { who: 'script', role: 'Search Service Contributor' }
  { who: 'person', role: 'Search Service Contributor' }
  { who: 'person', role: 'Search Index Data Contributor' }
]

// As in access.bicep.
var grants = filter(table, line => contains(grantees, line.who))
var roleIds = mapValues(roles, id => subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id))
var identityKind = { principalType: 'ServicePrincipal' }

resource service 'Microsoft.Search/searchServices@2025-05-01' existing = {
  name: name
}

resource onService 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in grants: {
    scope: service
    name: guid(service.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
    }
  }
]

@description('URL of the service')
output endpoint string = service.properties.endpoint

@description('Principal id of the service\'s system-assigned identity; empty where it acts by a user-assigned one')
output principalId string = systemIdentity ? service.identity.principalId : ''
