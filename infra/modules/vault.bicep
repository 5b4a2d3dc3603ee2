param name string
param location string
param tags object
param retentionDays int
param isPrivate bool
param principalId string
param operatorGroupId string
param workspaceId string
param deleteLock bool
@secure()
param firstApiKey string
@secure()
param firstSigningKey string

var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: retentionDays
    enablePurgeProtection: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

// Made once: from then on whoever rotates them writes to the vault, and a deployment leaves them alone.
@onlyIfNotExists()
resource apiKeys 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'calbridge-api-keys'
  properties: {
    value: firstApiKey
    contentType: 'API keys of the host app, with commas between them'
  }
}

@onlyIfNotExists()
resource signingKey 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'calbridge-signing-key'
  properties: {
    value: firstSigningKey
    contentType: 'signing key of state and links'
  }
}

resource custody 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, secretsOfficer)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Of this one secret, which they rotate: on the vault, the role would open every customer's tokens.
resource operators 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorGroupId)) {
  name: guid(apiKeys.id, operatorGroupId, secretsOfficer)
  scope: apiKeys
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)
    principalId: operatorGroupId
    principalType: 'Group'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: vault
  properties: {
    level: 'CanNotDelete'
    notes: 'The grants of every connected customer.'
  }
}

output id string = vault.id
output name string = vault.name
output apiKeysSecret string = apiKeys.name
output signingKeySecret string = signingKey.name
