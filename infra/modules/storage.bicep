// A storage account that only Microsoft Entra opens: no account keys, no anonymous reads, nothing but TLS 1.2.

import { accessType } from 'types.bicep'

@description('Name of the account')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Names of the private containers')
param containers string[]

@description('Who reaches the account')
param reach accessType

@description('Resource ids of search services that are let in by their system-assigned identities, whatever their addresses')
param services string[] = []

@description('Keep three copies in as many availability zones')
param zoneRedundant bool

@description('What the names of blobs begin with that are a record, deleted after 30 days; empty where none is kept')
param record string = ''

@description('Whether a log is kept of what is written and deleted')
param logged bool = false

@description('Resource id of the workspace that keeps it')
param workspaceId string = ''

@description('Days for which deleted blobs and containers can be brought back')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 7

// A firewall in a search service's own region looks at identities only, hence the rules by resource.
var acls = reach.network == 'public'
  ? { defaultAction: 'Allow', bypass: 'AzureServices' }
  : {
      defaultAction: 'Deny'
      bypass: 'None'
      ipRules: map(reach.addresses, address => { value: address, action: 'Allow' })
      virtualNetworkRules: reach.network == 'private' ? [] : [{ id: reach.subnetId, action: 'Allow' }]
      resourceAccessRules: map(services, service => { resourceId: service, tenantId: tenant().tenantId })
    }

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    networkAcls: acls
    publicNetworkAccess: reach.network == 'private' ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
  }
}

// The days are those of shared/serving/unclustered_record.py.
resource recordEnds 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = if (!empty(record)) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'record'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: { blobTypes: ['appendBlob'], prefixMatch: [record] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }
          }
        }
      ]
    }
  }
}

resource changes 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (logged) {
  scope: blobs
  name: 'changes'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }, { category: 'StorageDelete', enabled: true }]
  }
}

resource privateContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

@description('Resource id of the account')
output id string = account.id

@description('URL of the blob service, without a slash at its end')
output blobUrl string = 'https://${account.name}.blob.${environment().suffixes.storage}'
