// One deployment of the image clustering skill: the Function, its storage, the search service and its objects.
//
//   az deployment group create -g GROUP -n main -f infra/main.bicep -p environmentName=NAME principalId=OBJECT_ID
//
// Plain resources rather than Azure Verified Modules: those are restored from a registry, and a build must need none.
// docs/deploy.md tells what comes before and after. The outputs carry the names of the environment variables that
// `python -m infra.search` and `python -m training publish` read; `python -m infra.deployed` hands them on.

targetScope = 'resourceGroup'

// --- What and where

@description('Name of this deployment. With the resource group it decides every resource\'s name')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Azure region of every resource')
@metadata({ azd: { type: 'location' } })
param location string = resourceGroup().location

@description('Tags added to every resource')
param tags { *: string } = {}

// --- Who

@description('Object id of the person or pipeline that deploys: gets what the commands need. Empty for nobody')
param principalId string = ''

@description('Application (client) id of an app registration that guards the Function. Empty: a generated KEY does')
param entraClientId string = ''

@description('Key for the Function, stored only where the vault holds none yet. Leave it to be generated')
@secure()
param newSkillKey string = replace('${newGuid()}${newGuid()}', '-', '')

@description('Secondary key for the Function, stored only where the vault holds none yet. Leave it to be generated')
@secure()
param newSecondarySkillKey string = replace('${newGuid()}${newGuid()}', '-', '')

// --- The Function

@description('flex: Flex Consumption, ONNX Runtime. dedicated: App Service plan. dedicated-tensorflow: the same, TensorFlow')
@allowed(['flex', 'dedicated', 'dedicated-tensorflow'])
param plan string = 'flex'

@description('SKU of a dedicated plan. TensorFlow needs some 700 MB a worker')
param dedicatedSku string = 'P0v3'

@description('Instances that Flex Consumption keeps warm; they are billed by the second, idle or not')
@minValue(0)
@maxValue(10)
param alwaysReadyInstances int = 0

@description('Instances that Flex Consumption may start')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Requests that one instance works on at once. The network takes turns: more only adds waiting')
@minValue(1)
@maxValue(16)
param requestsPerInstance int = 4

@description('Megabytes of one instance: what Flex Consumption gives it, and what bounds the bodies of requests on any plan')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('Name of the model to serve')
param modelName string = 'books'

@description('Keep each picture\'s embedding in the index, so that one picture finds others like it')
param keepVectors bool = false

// --- Search

@description('Tier of a new search service')
@allowed(['basic', 'standard', 'standard2', 'standard3', 'storage_optimized_l1', 'storage_optimized_l2'])
param searchSku string = 'basic'

@description('Azure region of a new search service, where the other one has none to give. Empty: the same')
param searchLocation string = ''

@description('Let a new search service take API keys beside Microsoft Entra')
param searchLocalAuth bool = false

@description('Name of an existing search service to use instead of a new one. It needs a system-assigned identity')
param existingSearchName string = ''

@description('Resource group of the existing search service. Empty: this one')
param existingSearchResourceGroup string = ''

@description('How index, skillset, data source and indexer get there. script: by this deployment. hook: by the command after it')
@allowed(['script', 'hook'])
param searchObjects string = 'script'

@description('Name of the index, and the beginning of the other search objects\' names')
param searchNamePrefix string = 'pictures'

@description('How often the indexer looks for new pictures by itself, from PT5M to P1D. never: only when told to')
param searchSchedule string = 'PT1H'

@description('projections: one document per picture. simple: one per blob, as the original sample had it')
@allowed(['projections', 'simple'])
param searchVariant string = 'projections'

@description('Add an AI Services account, and Computer Vision\'s tags and caption beside the groups\' names')
param compare bool = false

@description('URL of a custom skill that says each picture\'s category, ahead of the groups. Empty for none')
param classifierUrl string = ''

// --- Network

@description('public: identities guard everything. restricted: storage, vault and Function let in each other, search and operators. private: nothing answers in public')
@allowed(['public', 'restricted', 'private'])
param network string = 'public'

@description('Public addresses of operators, separated by commas, that a restricted network lets in')
param operatorAddresses string = ''

@description('Public addresses of the search service, separated by commas, that a restricted network lets in to the Function')
param searchAddresses string = ''

// --- Watching

@description('Days for which logs are kept')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day, after which ingestion stops')
@minValue(1)
param logDailyCapGb int = 1

@description('Addresses of the people who are told of trouble, separated by commas. Empty: no alerts')
param alertEmails string = ''

@description('What the resource group may cost a month, in the currency of the subscription; people are told. 0: no budget')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the month that the budget begins in; Azure refuses to move it back')
param budgetStart string = utcNow('yyyy-MM-01')

@description('Spread plan, storage and search over availability zones, where the region has them')
param zoneRedundant bool = false

var token = uniqueString(resourceGroup().id, environmentName)
var allTags = union({ 'azd-env-name': environmentName, project: 'image-clustering-skill' }, tags)
var newSearch = empty(existingSearchName)
var byKey = empty(entraClientId)
var private = network == 'private'
// The script runs outside of the network, where it could not read the key.
var byScript = searchObjects == 'script' && network == 'public'
var searchBySystem = !newSearch || network != 'public'
var names = {
  app: 'func-${token}'
  alerts: 'alert-${token}'
  compare: 'ai-${token}'
  dataAccount: 'st${token}data'
  hostAccount: 'st${token}host'
  identity: 'id-${token}'
  insights: 'appi-${token}'
  network: 'vnet-${token}'
  plan: 'plan-${token}'
  script: 'script-${token}'
  search: newSearch ? 'srch-${token}' : existingSearchName
  vault: 'kv-${token}'
  workspace: 'log-${token}'
}
var vectors = keepVectors ? 'true' : 'false'

module functionIdentity 'modules/identity.bicep' = {
  params: { name: '${names.identity}-function', location: location, tags: allTags }
}

module searchIdentity 'modules/identity.bicep' = if (!searchBySystem) {
  params: { name: '${names.identity}-search', location: location, tags: allTags }
}

module scriptIdentity 'modules/identity.bicep' = if (byScript) {
  params: { name: '${names.identity}-script', location: location, tags: allTags }
}

module virtualNetwork 'modules/network.bicep' = if (network != 'public') {
  params: { name: names.network, location: location, tags: allTags, flex: plan == 'flex', private: private }
}

var searchGroup = newSearch || empty(existingSearchResourceGroup) ? resourceGroup().name : existingSearchResourceGroup
var searchId = resourceId(searchGroup, 'Microsoft.Search/searchServices', names.search)
var reach = {
  network: network
  subnetId: network == 'public' ? '' : virtualNetwork!.outputs.functionSubnetId
  addresses: network == 'restricted' && !empty(operatorAddresses) ? split(operatorAddresses, ',') : []
}

// The host's own account apart from the data: the host must own its account, and shall not own the pictures.
module hostStorage 'modules/storage.bicep' = {
  params: {
    name: names.hostAccount
    location: location
    tags: allTags
    containers: ['packages']
    reach: reach
    zoneRedundant: zoneRedundant
  }
}

module dataStorage 'modules/storage.bicep' = {
  params: {
    name: names.dataAccount
    location: location
    tags: allTags
    containers: ['models', 'images']
    reach: reach
    services: network == 'restricted' ? [searchId] : []
    zoneRedundant: zoneRedundant
    logged: true
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [search]
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: names.insights
    workspaceName: names.workspace
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    private: private
  }
}

module workbook 'modules/workbook.bicep' = {
  params: { title: environmentName, location: location, tags: allTags, insightsId: monitoring.outputs.insightsId }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmails)) {
  params: {
    name: names.alerts
    location: location
    tags: allTags
    emails: split(alertEmails, ',')
    insightsId: monitoring.outputs.insightsId
    workspaceId: monitoring.outputs.workspaceId
    searchId: searchId
    searchLocation: empty(searchLocation) ? location : searchLocation
    dailyCapGb: logDailyCapGb
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
  }
  dependsOn: [search]
}

module key 'modules/key.bicep' = if (byKey) {
  params: {
    name: names.vault
    location: location
    tags: allTags
    tenantId: functionIdentity.outputs.tenantId
    newKey: newSkillKey
    newSecondaryKey: newSecondarySkillKey
    reach: reach
    workspaceId: monitoring.outputs.workspaceId
  }
}

module comparison 'modules/compare.bicep' = if (compare) {
  params: { name: names.compare, location: location, tags: allTags }
}

module search 'modules/search.bicep' = if (newSearch) {
  params: {
    name: names.search
    location: empty(searchLocation) ? location : searchLocation
    tags: allTags
    sku: searchSku
    localAuth: searchLocalAuth
    replicas: zoneRedundant ? 2 : 1
    private: private
    identityId: searchBySystem ? '' : searchIdentity!.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

// The two who are there or not, whoever they turn out to be.
var scriptOrNobody = byScript ? ['script'] : []
var personOrNobody = empty(principalId) ? [] : ['person']
var scriptPrincipalId = byScript ? scriptIdentity!.outputs.principalId : ''

module searchAccess 'modules/searchAccess.bicep' = {
  scope: resourceGroup(searchGroup)
  params: {
    name: names.search
    grantees: concat(scriptOrNobody, personOrNobody)
    // A grant is named after its principal, so that a new identity gets one of its own. what-if shows it all the same.
    #disable-next-line what-if-short-circuiting
    principals: { script: scriptPrincipalId, person: principalId }
    systemIdentity: searchBySystem
  }
  dependsOn: [search]
}

var searchPrincipalId = searchBySystem ? searchAccess.outputs.principalId : searchIdentity!.outputs.principalId

// The search service calls the skill, and the person who deploys looks whether it answers, by the Azure CLI's or azd's id,
// which every tenant has. A system-assigned identity's client id can't be looked up: then its object id has to do.
var searchClientId = searchBySystem ? '' : searchIdentity!.outputs.clientId
var azureCliId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

module access 'modules/access.bicep' = {
  params: {
    grantees: concat(['function', 'search'], scriptOrNobody, personOrNobody)
    #disable-next-line what-if-short-circuiting // as above
    principals: {
      function: functionIdentity.outputs.principalId
      search: searchPrincipalId
      script: scriptPrincipalId
      person: principalId
    }
    names: {
      host: names.hostAccount
      data: names.dataAccount
      insights: names.insights
      vault: byKey ? names.vault : ''
      compare: compare ? names.compare : ''
    }
  }
  dependsOn: [hostStorage, dataStorage, monitoring, key, comparison]
}

module function 'modules/function.bicep' = {
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: allTags
    plan: plan
    dedicatedSku: dedicatedSku
    zoneRedundant: zoneRedundant
    requestsPerInstance: requestsPerInstance
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    alwaysReadyInstances: alwaysReadyInstances
    identity: { id: functionIdentity.outputs.id, clientId: functionIdentity.outputs.clientId }
    hostAccountName: names.hostAccount
    packageUrl: '${hostStorage.outputs.blobUrl}/packages'
    insightsConnectionString: monitoring.outputs.connectionString
    skillSettings: { MODEL_STORE: modelStore, MODEL_NAME: modelName, RETURN_VECTOR: vectors }
    keySecretUri: keySecretUri
    secondaryKeySecretUri: byKey ? key!.outputs.secondarySecretUri : ''
    entraClientId: entraClientId
    allowedClientIds: searchBySystem ? [] : empty(principalId) ? [searchClientId] : [searchClientId, azureCliId]
    allowedPrincipalIds: empty(principalId) ? [searchPrincipalId] : [searchPrincipalId, principalId]
    reach: reach
    searchAddresses: empty(searchAddresses) ? [] : split(searchAddresses, ',')
  }
  dependsOn: [access]
}

var modelStore = '${dataStorage.outputs.blobUrl}/models'
var keySecretUri = byKey ? key!.outputs.secretUri : ''

// What `python -m infra.search` needs to know. The script and the outputs say the same because they say it from here.
var searchSettings = {
  SEARCH_ENDPOINT: searchAccess.outputs.endpoint
  SEARCH_NAME_PREFIX: searchNamePrefix
  SEARCH_VARIANT: searchVariant
  SEARCH_SCHEDULE: searchSchedule
  SEARCH_VECTOR: vectors
  SEARCH_IDENTITY: searchBySystem ? '' : searchIdentity!.outputs.id
  SEARCH_PRIVATE_LINKS: private ? '${dataStorage.outputs.id},${function.outputs.id}' : ''
  SKILL_URL: function.outputs.skillUrl
  SKILL_RESOURCE_ID: byKey ? '' : 'api://${entraClientId}'
  SKILL_KEY_SECRET: keySecretUri
  SKILL_MAX_REQUEST_BYTES: function.outputs.requestLimit
  STORAGE_CONNECTION: 'ResourceId=${dataStorage.outputs.id};'
  IMAGES_CONTAINER: 'images'
  COMPARE_AI_SERVICES_URL: compare ? comparison!.outputs.url : ''
  CLASSIFIER_URL: classifierUrl
}

module privateEndpoints 'modules/privateEndpoints.bicep' = if (private) {
  params: {
    name: names.network
    location: location
    tags: allTags
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

var tooSmall = newSearch && contains(['basic', 'standard'], searchSku)
var linkRefusal = compare
  ? 'network=private takes no compare: Computer Vision would be called in public'
  : tooSmall ? 'network=private needs searchSku=standard2 or above: below, a skillset has no shared private links' : ''

module sharedLinks 'modules/sharedLinks.bicep' = if (private) {
  scope: resourceGroup(searchGroup)
  params: {
    name: names.search
    refusal: linkRefusal
    message: 'image clustering skill: ${names.search}'
    targets: { blob: dataStorage.outputs.id, sites: function.outputs.id }
  }
  dependsOn: [search]
}

module searchDefinitions 'modules/searchObjects.bicep' = if (byScript) {
  params: {
    name: names.script
    location: location
    tags: allTags
    identityId: scriptIdentity!.outputs.id
    settings: searchSettings
  }
  dependsOn: [access]
}

@description('Name of the Function app, which `python -m infra.send` sends the package to')
output FUNCTION_APP_NAME string = names.app
@description('URL of the container that models are published to and served from')
output MODEL_STORE string = modelStore
@description('Name of the model that is served')
output MODEL_NAME string = modelName
@description('URL of the storage account that pictures are uploaded to')
output STORAGE_ACCOUNT_URL string = dataStorage.outputs.blobUrl
@description('URL of the search service')
output SEARCH_ENDPOINT string = searchSettings.SEARCH_ENDPOINT
@description('Name of the index, and the beginning of the other search objects\' names')
output SEARCH_NAME_PREFIX string = searchSettings.SEARCH_NAME_PREFIX
@description('One document per picture or per blob')
output SEARCH_VARIANT string = searchSettings.SEARCH_VARIANT
@description('How often the indexer runs by itself')
output SEARCH_SCHEDULE string = searchSettings.SEARCH_SCHEDULE
@description('Whether the index keeps embeddings')
output SEARCH_VECTOR string = searchSettings.SEARCH_VECTOR
@description('Resource id of the search service\'s identity; empty for its system-assigned one')
output SEARCH_IDENTITY string = searchSettings.SEARCH_IDENTITY
@description('Resource ids of what the search service reaches by shared private links; empty where it does in public')
output SEARCH_PRIVATE_LINKS string = searchSettings.SEARCH_PRIVATE_LINKS
@description('URL of the skill')
output SKILL_URL string = searchSettings.SKILL_URL
@description('Application id URI of the Function, where Microsoft Entra guards it')
output SKILL_RESOURCE_ID string = searchSettings.SKILL_RESOURCE_ID
@description('Address of the secret that holds the Function\'s KEY, where that guards it')
output SKILL_KEY_SECRET string = searchSettings.SKILL_KEY_SECRET
@description('Bytes of the largest request that the Function takes, which batches of pictures must fit into')
output SKILL_MAX_REQUEST_BYTES string = searchSettings.SKILL_MAX_REQUEST_BYTES
@description('How the search service reads pictures: by its identity')
output STORAGE_CONNECTION string = searchSettings.STORAGE_CONNECTION
@description('Container of the pictures')
output IMAGES_CONTAINER string = searchSettings.IMAGES_CONTAINER
@description('URL of the AI Services account for comparison; empty where there is none')
output COMPARE_AI_SERVICES_URL string = searchSettings.COMPARE_AI_SERVICES_URL
@description('URL of the skill that says each picture\'s category; empty where there is none')
output CLASSIFIER_URL string = searchSettings.CLASSIFIER_URL
