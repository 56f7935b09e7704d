// What a person should look at. The queries go by the log lines of the application; docs/operations.md says what to do.
param location string
param tags object
param appInsightsId string
param email string

var rules = [
  {
    name: 'orchestration-failed'
    description: 'An orchestration failed by itself: its records could not be written, or its code has a fault.'
    severity: 1
    threshold: 0
    query: 'traces | where customDimensions.Category == "Host.Triggers.DurableTask" | where customDimensions.prop__functionName == "import_image" and customDimensions.prop__state == "Failed"'
  }
  {
    name: 'catalogue-refused'
    description: 'A workflow and the catalogue disagree about a status: somebody changed the records by hand, or a fault.'
    severity: 1
    threshold: 0
    query: 'traces | where message startswith "the catalogue refuses a change"'
  }
  {
    name: 'requests-failing'
    description: 'Requests answer with 5xx: storage, Key Vault or Azure is away, or a fault.'
    severity: 2
    threshold: 10
    query: 'requests | where toint(resultCode) >= 500'
  }
  {
    name: 'imports-failing'
    description: 'Several imports failed for good: look for what they have in common.'
    severity: 2
    threshold: 3
    query: 'traces | where message startswith "operation Failed"'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-image-catalog'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'imagecatalog'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [
  for rule in rules: {
    name: 'alert-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Image catalogue: ${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [appInsightsId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT1H'
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]
