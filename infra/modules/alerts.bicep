param environmentName string
param location string
param tags object
param workspaceId string
param emails array

var names = loadJsonContent('../names.json')
var timers = join(map(objectKeys(names.timers), timer => '\'${timer}\''), ', ')

// Each query gives one row for each thing that is wrong; any row rings.
var rules = [
  {
    name: 'poison-messages'
    severity: 1
    minutes: 5
    text: 'Work was given up after its last try and lies in a -poison queue.'
    query: '''
union isfuzzy=true
  (AppTraces | where Message has 'MaxDequeueCount' and Message has '-poison'),
  (StorageQueueLogs | where OperationName == 'PutMessage' and Uri contains '-poison/messages')
'''
  }
  {
    name: 'failed-requests'
    severity: 2
    minutes: 15
    text: 'Functions ended with an error that nothing in the app expects.'
    query: '''
AppRequests
| where Success == false and (isempty(ResultCode) or ResultCode == '0' or ResultCode startswith '5')
'''
  }
  {
    name: 'silent-timers'
    severity: 1
    minutes: 30
    // The host's request may be called 'sweep' or 'function sweep'; the app's own span is 'sweep'.
    text: 'A timer has not run for half an hour: lost messages are not found, subscriptions run out.'
    query: format(
      '''
datatable(Name: string) [{0}]
| join kind=leftanti (
    union isfuzzy=true
      (AppRequests | where Success == true | project Name),
      (AppDependencies | where Success == true | project Name)
    | extend Name = tostring(split(Name, ' ')[-1])
    | distinct Name
  ) on Name
| extend TimeGenerated = now()
''',
      timers
    )
  }
  {
    name: 'vault-errors'
    severity: 1
    minutes: 15
    // 401 opens every conversation with a vault, 404 is an answer, and a purge is refused by design.
    text: 'The vault refused, failed or was not reached: no token can be read or kept.'
    query: '''
union isfuzzy=true
  (
    AZKVAuditLogs
    | where HttpStatusCode >= 400 and HttpStatusCode !in (401, 404, 409)
    | where OperationName !in ('SecretPurge', 'Authentication')
  ),
  (AppTraces | where Message has 'vault.failed')
'''
  }
  {
    name: 'expiring-credentials'
    severity: 2
    minutes: 60
    text: 'Entra refuses the app\'s own credential, or a certificate or secret of the vault runs out.'
    query: '''
union isfuzzy=true
  (AppTraces | where Message has_any ('app-credential-refused', 'app-misconfigured', 'credential.expiring', 'credential.unreadable')),
  (AZKVAuditLogs | where OperationName contains 'NearExpiry' or OperationName contains 'Expired')
'''
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-calbridge-${environmentName}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'calbridge'
    enabled: true
    emailReceivers: [
      for (email, index) in emails: {
        name: 'mail-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-03-15-preview' = [
  for rule in rules: {
    name: 'calbridge-${environmentName}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Calbridge ${environmentName}: ${rule.name}'
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT${rule.minutes}M'
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [people.id]
        customProperties: { meaning: rule.text }
      }
      autoMitigate: true
      // Its tables come into being with the first row.
      skipQueryValidation: true
    }
  }
]
