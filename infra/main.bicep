// One deployment of the image clustering skill: the Function, its storage, the search service and its objects.
//
//   az deployment group create -g GROUP -n main -f infra/main.bicep -p environmentName=NAME principalId=OBJECT_ID
//
// What is there to choose, and what the commands are told afterwards; modules/parts.bicep puts it together.
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

@description('Exchange the instances of Flex Consumption one after the other when code or settings change. A preview')
param rollingUpdates bool = false

@description('Name of the model to serve')
param modelName string = 'books'

@description('Keep each picture\'s embedding in the index, so that one picture finds others like it')
param keepVectors bool = false

@description('Keep the vectors and paths of unclustered pictures beside the models for 30 days, for `discover --record`')
param recordUnclustered bool = false

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
// The script runs outside of the network, where it could not read the key.
var byScript = searchObjects == 'script' && network == 'public'
var searchBySystem = !empty(existingSearchName) || network != 'public'

// The parameters above are flat because az and azd give them one by one.
module parts 'modules/parts.bicep' = {
  params: {
    title: environmentName
    token: token
    location: location
    tags: allTags
    people: { principalId: principalId, entraClientId: entraClientId }
    newSkillKey: newSkillKey
    newSecondarySkillKey: newSecondarySkillKey
    hosting: {
      plan: plan
      dedicatedSku: dedicatedSku
      alwaysReadyInstances: alwaysReadyInstances
      maximumInstances: maximumInstances
      requestsPerInstance: requestsPerInstance
      instanceMemoryMB: instanceMemoryMB
      rollingUpdates: rollingUpdates
      zoneRedundant: zoneRedundant
    }
    model: { name: modelName, keepVectors: keepVectors, recordUnclustered: recordUnclustered }
    searching: {
      sku: searchSku
      location: empty(searchLocation) ? location : searchLocation
      localAuth: searchLocalAuth
      existingName: existingSearchName
      existingResourceGroup: existingSearchResourceGroup
      schedule: searchSchedule
      compare: compare
    }
    networking: { kind: network, operatorAddresses: operatorAddresses, searchAddresses: searchAddresses }
    watching: {
      retentionDays: logRetentionDays
      dailyCapGb: logDailyCapGb
      emails: alertEmails
      monthlyBudget: monthlyBudget
      budgetStart: budgetStart
    }
    byScript: byScript
    searchBySystem: searchBySystem
  }
}

var made = parts.outputs.made

// What `python -m infra.search` needs to know. The script and the outputs say the same because they say it from here.
var searchSettings = {
  SEARCH_ENDPOINT: made.searchEndpoint
  SEARCH_NAME_PREFIX: searchNamePrefix
  SEARCH_VARIANT: searchVariant
  SEARCH_SCHEDULE: searchSchedule
  SEARCH_VECTOR: keepVectors ? 'true' : 'false'
  SEARCH_IDENTITY: searchBySystem ? '' : made.searchIdentityId
  SEARCH_PRIVATE_LINKS: network == 'private' ? '${made.storageId},${made.appId}' : ''
  SKILL_URL: made.skillUrl
  SKILL_RESOURCE_ID: empty(entraClientId) ? '' : 'api://${entraClientId}'
  SKILL_KEY_SECRET: empty(entraClientId) ? made.keySecretUri : ''
  SKILL_MAX_REQUEST_BYTES: made.requestLimit
  STORAGE_CONNECTION: 'ResourceId=${made.storageId};'
  IMAGES_CONTAINER: 'images'
  COMPARE_AI_SERVICES_URL: compare ? made.compareUrl : ''
  CLASSIFIER_URL: classifierUrl
}

module searchDefinitions 'modules/searchObjects.bicep' = if (byScript) {
  params: {
    name: 'script-${token}'
    location: location
    tags: allTags
    identityId: made.scriptIdentityId
    settings: searchSettings
  }
}

@description('Name of the Function app, which `python -m infra.send` sends the package to')
output FUNCTION_APP_NAME string = made.appName
@description('URL of the container that models are published to and served from')
output MODEL_STORE string = made.modelStore
@description('Name of the model that is served')
output MODEL_NAME string = modelName
@description('URL of the storage account that pictures are uploaded to')
output STORAGE_ACCOUNT_URL string = made.storageUrl
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
