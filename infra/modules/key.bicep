// The Function's KEY and KEY_SECONDARY, where Microsoft Entra does not guard it: generated once, kept in a vault, never
// in an output. Both are good at any time, so that a key can be exchanged without an interruption (docs/deploy.md).

import { accessType } from 'types.bicep'

@description('Name of the vault')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Tenant whose identities may be let in')
param tenantId string

@description('The key to store if the vault has none')
@secure()
param newKey string

@description('The secondary key to store if the vault has none')
@secure()
param newSecondaryKey string

@description('Who reaches the vault')
param reach accessType

@description('Resource id of the workspace that keeps the audit log')
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: reach.network == 'private' ? 'Disabled' : 'Enabled'
    networkAcls: reach.network == 'public'
      ? { defaultAction: 'Allow', bypass: 'None' }
      : {
          defaultAction: 'Deny'
          bypass: 'None'
          ipRules: map(reach.addresses, address => { value: address })
          virtualNetworkRules: reach.network == 'private' ? [] : [{ id: reach.subnetId }]
        }
  }
}

// Redeploying leaves the key as it is: Function and skillset go on agreeing on it. Needs Bicep 0.38 or newer.
@onlyIfNotExists()
resource key 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'skill-key'
  tags: tags
  properties: {
    value: newKey
    contentType: 'text/plain'
  }
}

@onlyIfNotExists()
resource secondaryKey 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'skill-key-secondary'
  tags: tags
  properties: {
    value: newSecondaryKey
    contentType: 'text/plain'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

@description('Resource id of the vault')
output id string = vault.id

@description('Address of the secret in the vault, without a version, so that a new key is found')
output secretUri string = '${vault.properties.vaultUri}secrets/${key.name}'
@description('Address of the secondary key, without a version')
output secondarySecretUri string = '${vault.properties.vaultUri}secrets/${secondaryKey.name}'
