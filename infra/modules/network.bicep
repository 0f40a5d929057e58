// The virtual network that the Function lives in, with a subnet for private endpoints where the network is private.

@description('Name of the virtual network')
param name string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Whether the Function runs on Flex Consumption, which its subnet is handed to')
param flex bool

@description('Whether there are private endpoints')
param private bool

// Storage and vault are reached over the subnet itself where there are no private endpoints.
var serviceEndpoints = private
  ? []
  : [{ service: 'Microsoft.Storage', locations: [location] }, { service: 'Microsoft.KeyVault', locations: ['*'] }]

resource closed 'Microsoft.Network/networkSecurityGroups@2025-01-01' = {
  name: '${name}-closed'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'no-internet'
        properties: {
          description: 'Nothing in here is called from outside'
          access: 'Deny'
          direction: 'Inbound'
          priority: 100
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.83.0.0/22'] }
    subnets: [
      {
        // An underscore in this name is refused by Flex Consumption; /24 holds 40 instances on any plan.
        name: 'function'
        properties: {
          addressPrefix: '10.83.0.0/24'
          // Microsoft Entra and Application Insights are called by their public names.
          defaultOutboundAccess: true
          networkSecurityGroup: { id: closed.id }
          serviceEndpoints: serviceEndpoints
          delegations: [
            {
              name: 'function'
              properties: { serviceName: flex ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.83.1.0/24'
          defaultOutboundAccess: false
          networkSecurityGroup: { id: closed.id }
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource function 'subnets' existing = {
    name: 'function'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

@description('Resource id of the virtual network')
output id string = virtualNetwork.id

@description('Resource id of the Function\'s subnet')
output functionSubnetId string = virtualNetwork::function.id

@description('Resource id of the subnet for private endpoints')
output endpointSubnetId string = virtualNetwork::endpoints.id
