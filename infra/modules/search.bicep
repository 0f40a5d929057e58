// The search service, where none is given.

@description('Name of the service')
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Tier. Free has no managed identity, so it can\'t be used')
@allowed(['basic', 'standard', 'standard2', 'standard3', 'storage_optimized_l1', 'storage_optimized_l2'])
param sku string

@description('Replicas; two and more are spread over availability zones where the region has them')
param replicas int

@description('Also take API keys, beside Microsoft Entra')
param localAuth bool

@description('Whether the service answers in private only')
param private bool

@description('Resource id of the identity that reads pictures and calls the Function. Empty: a system-assigned one, the only kind that storage firewalls know')
param identityId string

@description('Resource id of the workspace that keeps the operation log')
param workspaceId string

resource service 'Microsoft.Search/searchServices@2025-05-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku }
  identity: empty(identityId)
    ? { type: 'SystemAssigned' }
    : {
        type: 'UserAssigned'
        userAssignedIdentities: { '${identityId}': {} }
      }
  properties: {
    disableLocalAuth: !localAuth
    authOptions: localAuth ? { aadOrApiKey: { aadAuthFailureMode: 'http401WithBearerChallenge' } } : null
    hostingMode: 'Default'
    partitionCount: 1
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    replicaCount: replicas
    semanticSearch: 'disabled'
  }
}

resource operations 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: service
  name: 'operations'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'OperationLogs', enabled: true }]
  }
}

@description('Name of the service')
output name string = service.name
