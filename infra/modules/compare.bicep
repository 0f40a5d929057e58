// An AI Services account: Computer Vision's tags and captions beside the groups' names, for comparison.

@description('Name of the account, which is also its subdomain')
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

resource account 'Microsoft.CognitiveServices/accounts@2025-09-01' = {
  name: name
  location: location
  tags: tags
  kind: 'AIServices'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
  }
}

@description('URL that the search service bills its built-in skills to')
output url string = account.properties.endpoint
