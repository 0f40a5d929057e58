// The parts of one deployment, and how they fit together: main.bicep without its interface.

import { resourceNames } from 'names.bicep'
import { hostingType, madeType, modelType, networkingType, peopleType, searchingType, watchingType } from 'types.bicep'

@description('What people call this deployment')
param title string

@description('Ending of every resource\'s name')
param token string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Who deploys, and who guards the Function')
param people peopleType

@description('Key for the Function, stored only where the vault holds none yet')
@secure()
param newSkillKey string

@description('Secondary key for the Function, stored only where the vault holds none yet')
@secure()
param newSecondarySkillKey string

@description('What the Function runs on')
param hosting hostingType

@description('What the Function serves')
param model modelType

@description('The search service and what it does')
param searching searchingType

@description('From where everything is reached')
param networking networkingType

@description('Logs, and who is told of trouble')
param watching watchingType

@description('Whether a script puts the search objects there, as an identity of its own')
param byScript bool

@description('Whether the search service acts by its system-assigned identity, the only kind that firewalls and existing services know')
param searchBySystem bool

var newSearch = empty(searching.existingName)
var byKey = empty(people.entraClientId)
var network = networking.kind
var private = network == 'private'
var names = resourceNames(token, searching.existingName)

module functionIdentity 'identity.bicep' = {
  params: { name: '${names.identity}-function', location: location, tags: tags }
}

module searchIdentity 'identity.bicep' = if (!searchBySystem) {
  params: { name: '${names.identity}-search', location: location, tags: tags }
}

module scriptIdentity 'identity.bicep' = if (byScript) {
  params: { name: '${names.identity}-script', location: location, tags: tags }
}

module virtualNetwork 'network.bicep' = if (network != 'public') {
  params: { name: names.network, location: location, tags: tags, flex: hosting.plan == 'flex', private: private }
}

var searchGroup = newSearch || empty(searching.existingResourceGroup)
  ? resourceGroup().name
  : searching.existingResourceGroup
var searchId = resourceId(searchGroup, 'Microsoft.Search/searchServices', names.search)
var reach = {
  network: network
  subnetId: network == 'public' ? '' : virtualNetwork!.outputs.functionSubnetId
  addresses: network == 'restricted' && !empty(networking.operatorAddresses)
    ? split(networking.operatorAddresses, ',')
    : []
}

// The host's own account apart from the data: the host must own its account, and shall not own the pictures.
module hostStorage 'storage.bicep' = {
  params: {
    name: names.hostAccount
    location: location
    tags: tags
    containers: ['packages']
    reach: reach
    zoneRedundant: hosting.zoneRedundant
  }
}

module dataStorage 'storage.bicep' = {
  params: {
    name: names.dataAccount
    location: location
    tags: tags
    containers: ['models', 'images']
    reach: reach
    services: network == 'restricted' ? [searchId] : []
    zoneRedundant: hosting.zoneRedundant
    record: model.recordUnclustered ? 'models/${model.name}/unclustered/' : ''
    logged: true
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [search]
}

module monitoring 'monitoring.bicep' = {
  params: {
    name: names.insights
    workspaceName: names.workspace
    location: location
    tags: tags
    watching: watching
    private: private
  }
}

module workbook 'workbook.bicep' = {
  params: { title: title, location: location, tags: tags, insightsId: monitoring.outputs.insightsId }
}

module alerts 'alerts.bicep' = if (!empty(watching.emails)) {
  params: {
    name: names.alerts
    location: location
    tags: tags
    watching: watching
    insightsId: monitoring.outputs.insightsId
    workspaceId: monitoring.outputs.workspaceId
    searchId: searchId
    searchLocation: searching.location
    // What an existing service logs, and where, is its owner's affair.
    schedule: newSearch ? searching.schedule : 'never'
  }
  dependsOn: [search]
}

module key 'key.bicep' = if (byKey) {
  params: {
    name: names.vault
    location: location
    tags: tags
    tenantId: functionIdentity.outputs.tenantId
    newKey: newSkillKey
    newSecondaryKey: newSecondarySkillKey
    reach: reach
    workspaceId: monitoring.outputs.workspaceId
  }
}

module comparison 'compare.bicep' = if (searching.compare) {
  params: { name: names.compare, location: location, tags: tags }
}

module search 'search.bicep' = if (newSearch) {
  params: {
    name: names.search
    location: searching.location
    tags: tags
    sku: searching.sku
    localAuth: searching.localAuth
    replicas: hosting.zoneRedundant ? 2 : 1
    private: private
    identityId: searchBySystem ? '' : searchIdentity!.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

// The two who are there or not, whoever they turn out to be.
var scriptOrNobody = byScript ? ['script'] : []
var personOrNobody = empty(people.principalId) ? [] : ['person']
var scriptPrincipalId = byScript ? scriptIdentity!.outputs.principalId : ''

module searchAccess 'searchAccess.bicep' = {
  scope: resourceGroup(searchGroup)
  params: {
    name: names.search
    grantees: concat(scriptOrNobody, personOrNobody)
    // A grant is named after its principal, so that a new identity gets one of its own. what-if shows it all the same.
    #disable-next-line what-if-short-circuiting
    principals: { script: scriptPrincipalId, person: people.principalId }
    systemIdentity: searchBySystem
  }
  dependsOn: [search]
}

var searchPrincipalId = searchBySystem ? searchAccess.outputs.principalId : searchIdentity!.outputs.principalId

// The search service calls the skill, and the person who deploys looks whether it answers, by the Azure CLI's or azd's id,
// which every tenant has. A system-assigned identity's client id can't be looked up: then its object id has to do.
var searchClientId = searchBySystem ? '' : searchIdentity!.outputs.clientId
var azureCliId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

module access 'access.bicep' = {
  params: {
    grantees: concat(['function', 'search'], scriptOrNobody, personOrNobody)
    #disable-next-line what-if-short-circuiting // as above
    principals: {
      function: functionIdentity.outputs.principalId
      search: searchPrincipalId
      script: scriptPrincipalId
      person: people.principalId
    }
    names: {
      host: names.hostAccount
      data: names.dataAccount
      insights: names.insights
      vault: byKey ? names.vault : ''
      compare: searching.compare ? names.compare : ''
    }
    recordUnclustered: model.recordUnclustered
  }
  dependsOn: [hostStorage, dataStorage, monitoring, key, comparison]
}

module function 'function.bicep' = {
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: tags
    hosting: hosting
    identity: { id: functionIdentity.outputs.id, clientId: functionIdentity.outputs.clientId }
    hostAccountName: names.hostAccount
    packageUrl: '${hostStorage.outputs.blobUrl}/packages'
    insightsConnectionString: monitoring.outputs.connectionString
    skillSettings: {
      MODEL_STORE: modelStore
      MODEL_NAME: model.name
      RETURN_VECTOR: model.keepVectors ? 'true' : 'false'
      RECORD_UNCLUSTERED: model.recordUnclustered ? 'true' : 'false'
    }
    keySecretUri: keySecretUri
    secondaryKeySecretUri: byKey ? key!.outputs.secondarySecretUri : ''
    entraClientId: people.entraClientId
    allowedClientIds: searchBySystem ? [] : empty(people.principalId) ? [searchClientId] : [searchClientId, azureCliId]
    allowedPrincipalIds: empty(people.principalId) ? [searchPrincipalId] : [searchPrincipalId, people.principalId]
    reach: reach
    searchAddresses: empty(networking.searchAddresses) ? [] : split(networking.searchAddresses, ',')
  }
  dependsOn: [access]
}

var modelStore = '${dataStorage.outputs.blobUrl}/models'
var keySecretUri = byKey ? key!.outputs.secretUri : ''

module privateEndpoints 'privateEndpoints.bicep' = if (private) {
  params: {
    name: names.network
    location: location
    tags: tags
    networkId: virtualNetwork!.outputs.id
    subnetId: virtualNetwork!.outputs.endpointSubnetId
    targets: concat(
      [
        { name: 'data', id: dataStorage.outputs.id, group: 'blob', zone: 'blob' }
        { name: 'host', id: hostStorage.outputs.id, group: 'blob', zone: 'blob' }
        { name: 'function', id: function.outputs.id, group: 'sites', zone: 'sites' }
      ],
      byKey ? [{ name: 'vault', id: key!.outputs.id, group: 'vault', zone: 'vault' }] : [],
      newSearch ? [{ name: 'search', id: searchId, group: 'searchService', zone: 'search' }] : []
    )
    telemetryIds: { insights: monitoring.outputs.insightsId, workspace: monitoring.outputs.workspaceId }
  }
  dependsOn: [search]
}

module sharedLinks 'sharedLinks.bicep' = if (private) {
  scope: resourceGroup(searchGroup)
  params: {
    name: names.search
    sku: newSearch ? searching.sku : ''
    compare: searching.compare
    message: 'image clustering skill: ${names.search}'
    targets: { blob: dataStorage.outputs.id, sites: function.outputs.id }
  }
  dependsOn: [search]
}

@description('What the commands need to know of it')
output made madeType = {
  appName: names.app
  appId: function.outputs.id
  skillUrl: function.outputs.skillUrl
  requestLimit: function.outputs.requestLimit
  keySecretUri: keySecretUri
  storageId: dataStorage.outputs.id
  storageUrl: dataStorage.outputs.blobUrl
  modelStore: modelStore
  searchEndpoint: searchAccess.outputs.endpoint
  searchIdentityId: searchBySystem ? '' : searchIdentity!.outputs.id
  scriptIdentityId: byScript ? scriptIdentity!.outputs.id : ''
  compareUrl: searching.compare ? comparison!.outputs.url : ''
}
