// Who may do what on what: every role assignment of this deployment but those on the search service.
//
// The table is the whole truth; docs/deploy.md says what each line is for, and a test holds the two together.

@description('Who there is: nobody else is granted anything. Not read off the ids, which are known only later: what-if could not show a single grant')
param grantees ('function' | 'search' | 'script' | 'person')[]

@description('Principal ids by name; empty where there is none')
param principals { function: string, search: string, script: string, person: string }

@description('Names of the resources that roles are given on. Empty where there is none')
param names { host: string, data: string, insights: string, vault: string, compare: string }

@description('Whether the Function may write its record of unclustered pictures')
param recordUnclustered bool

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roles = {
  'Cognitive Services User': 'a97b65f3-24c7-4388-baec-2e87135dc908'
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb'
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Blob Data Reader': '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
}

var recording = { who: 'function', role: 'Storage Blob Data Contributor', on: 'models' }

// Models are not the Function's to change: whatever it writes or deletes is below a model's `unclustered`.
// https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-attributes
var blob = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs'
var changing = map(
  ['write', 'delete', 'add/action', 'move/action', 'deleteBlobVersion/action'],
  action => '!(ActionMatches{\'${blob}/${action}\'})'
)
var recordOnly = '((${join(changing, ' AND ')}) OR (@Resource[${blob}:path] StringLike \'*/unclustered/*\'))'

var table = [
  { who: 'function', role: 'Storage Blob Data Owner', on: 'host' }
  { who: 'function', role: 'Storage Blob Data Reader', on: 'models' }
  { who: 'function', role: 'Monitoring Metrics Publisher', on: 'insights' }
  { who: 'function', role: 'Key Vault Secrets User', on: 'key' }
  { who: 'function', role: 'Key Vault Secrets User', on: 'secondaryKey' }
  { who: 'search', role: 'Storage Blob Data Reader', on: 'images' }
  { who: 'search', role: 'Cognitive Services User', on: 'compare' }
  { who: 'script', role: 'Key Vault Secrets User', on: 'key' }
  { who: 'person', role: 'Storage Blob Data Contributor', on: 'models' }
  { who: 'person', role: 'Storage Blob Data Contributor', on: 'images' }
  { who: 'person', role: 'Key Vault Secrets User', on: 'key' }
]

// What is not deployed has no grantee, or an empty name below, and gets no grant.
var grants = filter(concat(table, recordUnclustered ? [recording] : []), line => contains(grantees, line.who))
var roleIds = mapValues(roles, id => subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id))

// The kind of an identity is said because Microsoft Entra may not know yet one that was made a moment ago; a person it
// knows.
var identityKind = { principalType: 'ServicePrincipal' }

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: names.host
}

resource data 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: names.data
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: data
  name: 'default'
}

resource models 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  parent: blobs
  name: 'models'
}

resource images 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  parent: blobs
  name: 'images'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: names.insights
}

// Azure looks up what it is told exists, and evaluates a name even where the condition is false.
resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = if (!empty(names.vault)) {
  name: empty(names.vault) ? 'none' : names.vault
}

resource key 'Microsoft.KeyVault/vaults/secrets@2025-05-01' existing = if (!empty(names.vault)) {
  parent: vault
  name: 'skill-key'
}

resource secondaryKey 'Microsoft.KeyVault/vaults/secrets@2025-05-01' existing = if (!empty(names.vault)) {
  parent: vault
  name: 'skill-key-secondary'
}

resource compare 'Microsoft.CognitiveServices/accounts@2025-09-01' existing = if (!empty(names.compare)) {
  name: empty(names.compare) ? 'none' : names.compare
}

resource onHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(grants, each => each.on == 'host'): {
    scope: host
    name: guid(host.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
    }
  }
]

resource onModels 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(grants, each => each.on == 'models'): {
    scope: models
    name: guid(models.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
      ...(grant == recording ? { condition: recordOnly, conditionVersion: '2.0' } : {})
    }
  }
]

resource onImages 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(grants, each => each.on == 'images'): {
    scope: images
    name: guid(images.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
    }
  }
]

resource onInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(grants, each => each.on == 'insights'): {
    scope: insights
    name: guid(insights.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
    }
  }
]

resource onKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(grants, each => each.on == 'key' && !empty(names.vault)): {
    scope: key
    name: guid(key.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
    }
  }
]

resource onSecondaryKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(grants, each => each.on == 'secondaryKey' && !empty(names.vault)): {
    scope: secondaryKey
    name: guid(secondaryKey.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
    }
  }
]

resource onCompare 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for grant in filter(grants, each => each.on == 'compare' && !empty(names.compare)): {
    scope: compare
    name: guid(compare.id, principals[grant.who], roleIds[grant.role])
    properties: {
      principalId: principals[grant.who]
      roleDefinitionId: roleIds[grant.role]
      ...(grant.who == 'person' ? {} : identityKind)
    }
  }
]
