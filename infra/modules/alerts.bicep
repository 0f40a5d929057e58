// Who is told when it fails, slows down, is throttled, drifts, or costs too much: rules over the queries of infra/queries,
// as they are, and over the search service's metrics.

import { watchingType } from 'types.bicep'

@description('Beginning of the alerts\' names')
param name string

@description('Azure region of what is watched')
param location string

@description('Tags of every resource')
param tags { *: string }

@description('Who is told, and of what')
param watching watchingType

@description('How often an indexer whose runs are logged runs by itself; never: none does')
param schedule string

@description('Resource id of Application Insights')
param insightsId string

@description('Resource id of the workspace')
param workspaceId string

@description('Resource id of the search service')
param searchId string

@description('Azure region of the search service')
param searchLocation string

var emails = split(watching.emails, ',')

resource people 'Microsoft.Insights/actionGroups@2024-10-01-preview' = {
  name: '${name}-people'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'pictures'
    emailReceivers: map(emails, email => { name: email, emailAddress: email, useCommonAlertSchema: true })
  }
}

// A measure is a column of the query. What counts as trouble:
// - slow: the skillset waits 120 s for a batch of 8, which takes 3 to 13 s; 60 s is half of that.
// - drifting: half of a day's pictures in no group.
// - logs: four fifths of the cap.
// - indexer: not one success in a day, or in two where it runs once a day. Its row is there when nothing was logged, too.
var always = [
  {
    name: 'failing'
    description: 'The Function answers 503: it has no model or no key yet'
    query: loadTextContent('../queries/failing.kql')
    measure: 'not_ready'
    aggregation: 'Total'
    threshold: 5
    every: 'PT15M'
    window: 'PT1H'
    scope: insightsId
  }
  {
    name: 'failing-records'
    description: 'Many pictures can not be answered'
    query: loadTextContent('../queries/failing.kql')
    measure: 'failed_records'
    aggregation: 'Total'
    threshold: 100
    every: 'PT15M'
    window: 'PT1H'
    scope: insightsId
  }
  {
    name: 'slow'
    description: 'Requests take half of the time that the search service waits'
    query: loadTextContent('../queries/slow.kql')
    measure: 'p95_ms'
    aggregation: 'Average'
    threshold: 60000
    every: 'PT15M'
    window: 'PT30M'
    scope: insightsId
  }
  {
    name: 'throttled'
    description: 'The Functions host turns requests away'
    query: loadTextContent('../queries/throttled.kql')
    measure: 'throttled'
    aggregation: 'Total'
    threshold: 50
    every: 'PT15M'
    window: 'PT1H'
    scope: insightsId
  }
  {
    name: 'drifting'
    description: 'Half of the pictures belong to no group: train again'
    query: loadTextContent('../queries/drifting.kql')
    measure: 'unclustered_share'
    aggregation: 'Average'
    threshold: json('0.5')
    every: 'P1D'
    window: 'P1D'
    scope: insightsId
  }
  {
    name: 'logs'
    description: 'Logs are near their daily cap'
    query: loadTextContent('../queries/logs.kql')
    measure: 'gigabytes'
    aggregation: 'Total'
    threshold: json('${watching.dailyCapGb * 8 / 10}.${watching.dailyCapGb * 8 % 10}')
    every: 'PT1H'
    window: 'P1D'
    scope: workspaceId
  }
]
var indexer = {
  name: 'indexer'
  description: 'No run of the indexer has succeeded'
  query: loadTextContent('../queries/indexer.kql')
  measure: 'successful'
  aggregation: 'Total'
  threshold: 1
  operator: 'LessThan'
  every: 'PT1H'
  window: schedule == 'P1D' ? 'P2D' : 'P1D'
  scope: workspaceId
}
var rules = concat(always, schedule == 'never' ? [] : [indexer])

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${name}-${rule.name}'
      description: rule.description
      severity: 2
      enabled: true
      scopes: [rule.scope]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      // The table of diagnostic logs is there once something is in it.
      skipQueryValidation: rule.name == indexer.name
      criteria: {
        allOf: [
          {
            query: rule.query
            metricMeasureColumn: rule.measure
            timeAggregation: rule.aggregation
            operator: rule.?operator ?? 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

var metrics = [
  {
    name: 'indexing'
    description: 'The indexer fails on many documents'
    metric: 'DocumentsProcessedCount'
    aggregation: 'Total'
    threshold: 50
    dimensions: [{ name: 'Failed', operator: 'Include', values: ['true'] }]
  }
  {
    name: 'queries-throttled'
    description: 'The search service turns queries away'
    metric: 'ThrottledSearchQueriesPercentage'
    aggregation: 'Average'
    threshold: 5
    dimensions: []
  }
]

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in metrics: {
    name: '${name}-${rule.name}'
    location: 'global'
    tags: tags
    properties: {
      description: rule.description
      severity: 2
      enabled: true
      scopes: [searchId]
      targetResourceType: 'Microsoft.Search/searchServices'
      targetResourceRegion: searchLocation
      evaluationFrequency: 'PT15M'
      windowSize: 'PT1H'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: rule.name
            criterionType: 'StaticThresholdCriterion'
            metricName: rule.metric
            dimensions: rule.dimensions
            operator: 'GreaterThan'
            threshold: rule.threshold
            timeAggregation: rule.aggregation
          }
        ]
      }
      actions: [{ actionGroupId: people.id }]
    }
  }
]

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (watching.monthlyBudget > 0) {
  name: '${name}-budget'
  properties: {
    category: 'Cost'
    amount: watching.monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: { startDate: watching.budgetStart }
    notifications: {
      actual: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: emails
        contactGroups: [people.id]
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
        contactGroups: [people.id]
      }
    }
  }
}
