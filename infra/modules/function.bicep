// The Function: its plan, its app, its settings, and Microsoft Entra in front where an app registration is given.

import { accessType, hostingType } from 'types.bicep'

@description('Name of the app')
param name string

@description('Name of the hosting plan')
param planName string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('What the app runs on')
param hosting hostingType

@description('The app\'s identity: resource id and client id')
param identity { id: string, clientId: string }

@description('Name of the storage account that the host and the package live in')
param hostAccountName string

@description('URL of the container that the package is deployed to')
param packageUrl string

@description('Connection string of Application Insights')
param insightsConnectionString string

@description('Who reaches the app, beside the search service')
param reach accessType

@description('Public addresses of the search service, such as 203.0.113.7')
param searchAddresses string[]

@description('App settings of the skill itself, by name')
param skillSettings { *: string }

@description('Address of the secret that holds KEY; empty where Microsoft Entra guards the app')
param keySecretUri string

@description('Address of the secret that holds KEY_SECONDARY; empty where KEY is')
param secondaryKeySecretUri string

@description('Application (client) id of the app registration that guards the app; empty where KEY does')
param entraClientId string

@description('Client ids that Microsoft Entra lets in, which must be an allowed principal\'s, too; empty for any')
param allowedClientIds string[]

@description('Object ids of the principals that Microsoft Entra lets in')
param allowedPrincipalIds string[]

var flex = hosting.plan == 'flex'
// The host holds 13.4 bytes for each byte of a body that runs, the worker about 5 more, and garbage of the bodies before
// stays until it is collected. Beside a worker of 0.6 GB, 2 GiB (2.15 GB) peaked at 1.8 GB with 8 MB, 4 at once, and with
// 10 MB, 2 at once; with 12 MB, 4 at once, it was killed. That is 80 MB shared by the places and six more, for each GiB
// beyond the first; the margin is 0.3 GB. At 4 GiB the rule gives 24 MB, half of the 50 that peaked at 3.6 GB.
// (A gibibyte is 1024 MB here: 80,000,000 / 1024 = 78,125.)
var bodyLimit = (hosting.instanceMemoryMB - 1024) * 78125 / (hosting.requestsPerInstance + 6)
// Below the host's limit, beyond which there is nothing but a bare 500: our 413 says what to do.
var requestLimit = bodyLimit / 10 * 9
// Each round of requests takes MAX_REQUEST_SECONDS, 25, at the most: whoever is let in is answered within 4 rounds, 100 s,
// and AI Search waits 120 (infra/search/skillset.json). host.json has the same for 4 places.
var outstandingRequests = 4 * hosting.requestsPerInstance
var pythonVersion = '3.13'

// Skills are called from the service's own addresses and from those of the tag, depending on where the service runs them.
var operators = map(reach.addresses, (address, i) => {
  name: 'operator-${i}'
  action: 'Allow'
  priority: 300 + i
  ipAddress: contains(address, '/') ? address : '${address}/32'
})
var searchServices = concat(
  [{ name: 'search', action: 'Allow', priority: 100, tag: 'ServiceTag', ipAddress: 'AzureCognitiveSearch' }],
  map(searchAddresses, (address, i) => {
    name: 'search-${i}'
    action: 'Allow'
    priority: 200 + i
    ipAddress: '${address}/32'
  })
)
var firewall = reach.network == 'restricted'
  ? {
      ipSecurityRestrictionsDefaultAction: 'Deny'
      ipSecurityRestrictions: concat(searchServices, operators)
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: 'Deny'
      scmIpSecurityRestrictions: operators
    }
  : {}

resource hostingPlan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: flex ? 'functionapp' : 'linux'
  // Two instances are the fewest that a dedicated plan spreads over zones.
  sku: flex
    ? { tier: 'FlexConsumption', name: 'FC1' }
    : { name: hosting.dedicatedSku, capacity: hosting.zoneRedundant ? 2 : 1 }
  properties: { reserved: true, zoneRedundant: hosting.zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'skill' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: hostingPlan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    publicNetworkAccess: reach.network == 'private' ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: reach.network == 'public' ? null : reach.subnetId
    // Flex Consumption sends everything through its subnet anyhow.
    outboundVnetRouting: reach.network == 'public' || flex ? null : { allTraffic: true }
    siteConfig: union(
      { minTlsVersion: '1.2' },
      firewall,
      // Flex Consumption refuses what it has no use for, FTP among it (error 51021, in some regions).
      flex
        ? {}
        : { linuxFxVersion: 'PYTHON|${pythonVersion}', alwaysOn: true, ftpsState: 'Disabled', http20Enabled: true }
    )
    // The service knows siteUpdateStrategy since API version 2023-12-01, and the compiler's types do not:
    // https://learn.microsoft.com/azure/azure-functions/flex-consumption-site-updates
    #disable-next-line BCP037
    functionAppConfig: flex
      ? {
          runtime: { name: 'python', version: pythonVersion }
          deployment: {
            storage: {
              type: 'blobContainer'
              value: packageUrl
              authentication: {
                type: 'UserAssignedIdentity'
                userAssignedIdentityResourceId: identity.id
              }
            }
          }
          scaleAndConcurrency: {
            instanceMemoryMB: hosting.instanceMemoryMB
            maximumInstanceCount: hosting.maximumInstances
            alwaysReady: hosting.alwaysReadyInstances == 0
              ? []
              : [{ name: 'http', instanceCount: hosting.alwaysReadyInstances }]
            triggers: { http: { perInstanceConcurrency: hosting.requestsPerInstance } }
          }
          siteUpdateStrategy: { type: hosting.rollingUpdates ? 'RollingUpdate' : 'Recreate' }
        }
      : null
  }
}

resource noPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = [
  for name in ['scm', 'ftp']: {
    parent: app
    name: any(name)
    location: location // without one, the service has refused it: "The parameter location has an invalid value"
    properties: { allow: false }
  }
]

// Flex Consumption refuses these: it has runtime, version and package in functionAppConfig, concurrency there too.
var dedicatedSettings = {
  AzureFunctionsJobHost__extensions__http__maxConcurrentRequests: string(hosting.requestsPerInstance)
  AzureFunctionsJobHost__extensions__http__maxOutstandingRequests: string(outstandingRequests)
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'python'
  SCM_DO_BUILD_DURING_DEPLOYMENT: 'false'
  WEBSITE_RUN_FROM_PACKAGE: '1'
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    {
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.clientId};Authorization=AAD'
      APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
      AZURE_CLIENT_ID: identity.clientId
      AzureWebJobsStorage__accountName: hostAccountName
      AzureWebJobsStorage__clientId: identity.clientId
      AzureWebJobsStorage__credential: 'managedidentity'
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string(bodyLimit)
      MAX_REQUEST_BYTES: string(requestLimit)
      PYTHON_ENABLE_OPENTELEMETRY: 'true'
      // Threads of the worker: 1000, or cores and 4 more, depending on how it started, unless it is said.
      PYTHON_THREADPOOL_THREAD_COUNT: string(hosting.requestsPerInstance + 2)
      EMBEDDER_BACKEND: hosting.plan == 'dedicated-tensorflow' ? 'tensorflow' : 'onnxruntime'
    },
    skillSettings,
    flex ? {} : dedicatedSettings,
    empty(entraClientId)
      ? {
          KEY: '@Microsoft.KeyVault(SecretUri=${keySecretUri})'
          KEY_SECONDARY: '@Microsoft.KeyVault(SecretUri=${secondaryKeySecretUri})'
        }
      : {}
  )
}

resource entra 'Microsoft.Web/sites/config@2025-03-01' = if (!empty(entraClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true, runtimeVersion: '~1' }
    globalValidation: { requireAuthentication: true, unauthenticatedClientAction: 'Return401' }
    httpSettings: { requireHttps: true }
    login: { tokenStore: { enabled: false } }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: entraClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [entraClientId, 'api://${entraClientId}']
          defaultAuthorizationPolicy: {
            allowedApplications: allowedClientIds
            allowedPrincipals: { identities: allowedPrincipalIds }
          }
        }
      }
    }
  }
  dependsOn: [settings]
}

@description('Resource id of the app')
output id string = app.id

@description('URL that the search service sends pictures to')
output skillUrl string = 'https://${app.properties.defaultHostName}/api/extraction'

@description('Bytes of the largest request that the Function takes')
output requestLimit string = string(requestLimit)
