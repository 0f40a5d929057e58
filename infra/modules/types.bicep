// What several modules mean by the same words.

@export()
@description('Who reaches a resource. public: everybody, guarded by identities. restricted: the Function\'s subnet, these addresses, and what a module names besides. private: private endpoints only')
type accessType = {
  @description('How the deployment is reached')
  network: 'public' | 'restricted' | 'private'

  @description('Resource id of the Function\'s subnet; empty where the network is public')
  subnetId: string

  @description('Public addresses of operators, such as 203.0.113.7 or 203.0.113.0/24')
  addresses: string[]
}

@export()
@description('Who deploys, and who guards the Function')
type peopleType = {
  @description('Object id of the person or pipeline that deploys; empty for nobody')
  principalId: string

  @description('Application (client) id of the app registration that guards the Function; empty where a KEY does')
  entraClientId: string
}

@export()
@description('What the Function runs on')
type hostingType = {
  plan: 'flex' | 'dedicated' | 'dedicated-tensorflow'

  @description('SKU of a dedicated plan')
  dedicatedSku: string

  @description('Instances that Flex Consumption keeps warm')
  alwaysReadyInstances: int

  @description('Instances that Flex Consumption may start')
  maximumInstances: int

  @description('Requests that one instance works on at once')
  requestsPerInstance: int

  @description('Megabytes of one instance, by which bodies are bounded on any plan')
  instanceMemoryMB: int

  @description('Exchange the instances of Flex Consumption one after the other')
  rollingUpdates: bool

  @description('Spread instances over availability zones')
  zoneRedundant: bool
}

@export()
@description('What the Function serves')
type modelType = {
  name: string

  @description('Whether answers carry each picture\'s embedding, which the index keeps')
  keepVectors: bool

  @description('Whether the Function keeps the vectors of unclustered pictures')
  recordUnclustered: bool
}

@export()
@description('The search service and what it does')
type searchingType = {
  @description('Tier of a new service')
  sku: 'basic' | 'standard' | 'standard2' | 'standard3' | 'storage_optimized_l1' | 'storage_optimized_l2'

  @description('Azure region of a new service')
  location: string

  @description('Whether a new service takes API keys beside Microsoft Entra')
  localAuth: bool

  @description('Name of an existing service; empty for a new one')
  existingName: string

  @description('Resource group of the existing service; empty for this one')
  existingResourceGroup: string

  @description('How often the indexer runs by itself; never: only when told to')
  schedule: string

  @description('Whether Computer Vision\'s tags and caption stand beside the groups\' names')
  compare: bool
}

@export()
@description('From where everything is reached')
type networkingType = {
  kind: 'public' | 'restricted' | 'private'

  @description('Public addresses of operators, separated by commas')
  operatorAddresses: string

  @description('Public addresses of the search service, separated by commas')
  searchAddresses: string
}

@export()
@description('Logs, and who is told of trouble')
type watchingType = {
  @description('Days for which logs are kept; up to 31 cost nothing extra')
  @minValue(30)
  @maxValue(730)
  retentionDays: int

  @description('Gigabytes a day after which ingestion stops, so that a fault can\'t run up a bill')
  @minValue(1)
  dailyCapGb: int

  @description('Addresses of the people who are told, separated by commas; empty: no alerts')
  emails: string

  @description('What the resource group may cost a month, in the currency of the subscription; 0 for no budget')
  monthlyBudget: int

  @description('First day of the month that the budget begins in')
  budgetStart: string
}

@export()
@description('What is there when everything is in place')
type madeType = {
  @description('Name of the Function app')
  appName: string

  @description('Resource id of the Function app')
  appId: string

  @description('URL of the skill')
  skillUrl: string

  @description('Bytes of the largest request that the Function takes')
  requestLimit: string

  @description('Address of the secret that holds KEY; empty where Microsoft Entra guards the Function')
  keySecretUri: string

  @description('Resource id of the storage account with models and pictures')
  storageId: string

  @description('URL of that account')
  storageUrl: string

  @description('URL of the container that models are published to and served from')
  modelStore: string

  @description('URL of the search service')
  searchEndpoint: string

  @description('Resource id of the search service\'s identity; empty for its system-assigned one')
  searchIdentityId: string

  @description('Resource id of the identity that puts the search objects there; empty where no script does')
  scriptIdentityId: string

  @description('URL of the AI Services account for comparison; empty where there is none')
  compareUrl: string
}
