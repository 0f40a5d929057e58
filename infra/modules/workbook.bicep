// The dashboard: a workbook that shows what the queries of infra/queries answer, one below the other.

@description('Title of the workbook')
param title string

@description('Azure region')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Resource id of Application Insights')
param insightsId string

var parts = [
  { heading: 'Is it failing?', chart: 'table', query: loadTextContent('../queries/failing.kql') }
  { heading: 'Is it slow?', chart: 'timechart', query: loadTextContent('../queries/slow.kql') }
  { heading: 'How busy is it?', chart: 'timechart', query: loadTextContent('../queries/load.kql') }
  { heading: 'Is it throttled?', chart: 'timechart', query: loadTextContent('../queries/throttled.kql') }
  { heading: 'Are pictures drifting away?', chart: 'table', query: loadTextContent('../queries/drifting.kql') }
  {
    heading: 'Which groups get fewer or stranger pictures than when they were trained?'
    chart: 'table'
    query: loadTextContent('../queries/groups.kql')
  }
  { heading: 'Which model answers?', chart: 'timechart', query: loadTextContent('../queries/versions.kql') }
  { heading: 'What went wrong?', chart: 'table', query: loadTextContent('../queries/errors.kql') }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, title, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    category: 'workbook'
    sourceId: insightsId
    version: '1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      fallbackResourceIds: [insightsId]
      items: map(parts, part => {
        type: 3
        name: part.heading
        content: {
          version: 'KqlItem/1.0'
          title: part.heading
          query: part.query
          size: 0
          queryType: 0
          resourceType: 'microsoft.insights/components'
          visualization: part.chart
        }
      })
    })
  }
}
