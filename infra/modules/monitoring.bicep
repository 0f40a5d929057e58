// Application Insights over its own workspace. Telemetry is taken from identities only, never for a key.

import { watchingType } from 'types.bicep'

@description('Name of the Application Insights resource')
param name string

@description('Name of the Log Analytics workspace')
param workspaceName string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('For how long logs are kept, and how many')
param watching watchingType

@description('Whether telemetry is sent and read in private only')
param private bool

var fromPublic = private ? 'Disabled' : 'Enabled'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: watching.retentionDays
    workspaceCapping: { dailyQuotaGb: watching.dailyCapGb }
    features: { disableLocalAuth: true }
    publicNetworkAccessForIngestion: fromPublic
    publicNetworkAccessForQuery: fromPublic
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    publicNetworkAccessForIngestion: fromPublic
    publicNetworkAccessForQuery: fromPublic
  }
}

@description('Resource id of the workspace')
output workspaceId string = workspace.id

@description('Resource id of Application Insights')
output insightsId string = insights.id

@description('Where telemetry goes. It names the resource and opens nothing: local authentication is off')
output connectionString string = insights.properties.ConnectionString
