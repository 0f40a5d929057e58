// How the search service reaches pictures and the Function where nothing answers in public: links of its own, which the
// owner of each end must approve (`python -m infra.search deploy` does).

@description('Name of the search service')
param name string

@description('Tier of the service; empty for an existing one, whose tier its owner knows')
param sku string

@description('Whether the skillset calls Computer Vision, too')
param compare bool

@description('What the owner reads beside the request; by it the deploy command knows which requests are its own')
param message string

@description('Resource ids of the storage account with the pictures, and of the Function app')
param targets { blob: string, sites: string }

var refusal = compare
  ? 'network=private takes no compare: Computer Vision would be called in public'
  : contains(['basic', 'standard'], sku)
      ? 'network=private needs searchSku=standard2 or above: below, a skillset has no shared private links'
      : ''

resource service 'Microsoft.Search/searchServices@2025-05-01' existing = {
  name: empty(refusal) ? name : fail(refusal)
}

// One at a time: the service refuses a second request while it works on the first.
@batchSize(1)
resource links 'Microsoft.Search/searchServices/sharedPrivateLinkResources@2025-05-01' = [
  for target in items(targets): {
    parent: service
    name: target.key
    properties: { groupId: target.key, privateLinkResourceId: target.value, requestMessage: message }
  }
]
