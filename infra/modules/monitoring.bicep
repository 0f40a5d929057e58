// Application Insights over its own workspace. Telemetry is taken from identities only, never for a key.

@description('Name of the Application Insights resource')
param name string

@description('Name of the Log Analytics workspace')
param workspaceName string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Days for which logs are kept; up to 31 cost nothing extra')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Whether telemetry is sent and read in private only')
param private bool

@description('Gigabytes a day after which ingestion stops, so that a fault can\'t run up a bill')
@minValue(1)
param dailyCapGb int

var fromPublic = private ? 'Disabled' : 'Enabled'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyCapGb }
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
