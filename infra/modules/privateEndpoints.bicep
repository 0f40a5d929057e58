// Private endpoints for everything that is called, with the DNS zones by which the usual names lead to them, and telemetry
// by a private link scope. Reached from the virtual network and from whatever is peered or connected with it.

@description('Beginning of the endpoints\' names')
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Resource id of the virtual network')
param networkId string

@description('Resource id of the subnet for the endpoints')
param subnetId string

@description('What is to be reached: a name for the endpoint, the resource, its group, and the beginning of its DNS zone')
param targets { name: string, id: string, group: string, zone: string }[]

@description('Resource ids of Application Insights and its workspace')
param telemetryIds { insights: string, workspace: string }

var suffixes = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  vault: 'privatelink.vaultcore.azure.net'
  sites: 'privatelink.azurewebsites.net'
  search: 'privatelink.search.windows.net'
  monitor: 'privatelink.monitor.azure.com'
  oms: 'privatelink.oms.opinsights.azure.com'
  ods: 'privatelink.ods.opinsights.azure.com'
  agents: 'privatelink.agentsvc.azure-automation.net'
}
var telemetryZones = ['monitor', 'oms', 'ods', 'agents', 'blob']
var used = union(map(targets, target => target.zone), telemetryZones)

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in used: {
    name: suffixes[zone]
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in used: {
    parent: zones[i]
    name: 'network'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
]

// One at a time: the subnet, and the telemetry's scope below, refuse a second change while they work on the first.
@batchSize(1)
resource endpoints 'Microsoft.Network/privateEndpoints@2025-01-01' = [
  for target in targets: {
    name: '${name}-${target.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        #disable-next-line use-resource-id-functions // an id by main.bicep, which the rule does not follow into a loop
        { name: target.name, properties: { privateLinkServiceId: target.id, groupIds: [target.group] } }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = [
  for (target, i) in targets: {
    parent: endpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: target.zone
          properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', suffixes[target.zone]) }
        }
      ]
    }
    dependsOn: [zones]
  }
]

resource scope 'Microsoft.Insights/privateLinkScopes@2021-07-01-preview' = {
  name: '${name}-telemetry'
  location: 'global'
  tags: tags
  properties: { accessModeSettings: { ingestionAccessMode: 'PrivateOnly', queryAccessMode: 'PrivateOnly' } }
}

@batchSize(1)
resource scoped 'Microsoft.Insights/privateLinkScopes/scopedResources@2021-07-01-preview' = [
  for telemetry in items(telemetryIds): {
    parent: scope
    name: telemetry.key
    properties: { linkedResourceId: telemetry.value }
  }
]

resource telemetry 'Microsoft.Network/privateEndpoints@2025-01-01' = {
  name: '${name}-telemetry'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: 'telemetry', properties: { privateLinkServiceId: scope.id, groupIds: ['azuremonitor'] } }
    ]
  }
  dependsOn: [endpoints, scoped]
}

resource telemetryNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = {
  parent: telemetry
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      for zone in telemetryZones: {
        name: zone
        properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', suffixes[zone]) }
      }
    ]
  }
  dependsOn: [zones, names]
}
