// Everything of one environment, in a resource group that exists. Parameters are explained in main.bicep.

param environmentName string
param location string = resourceGroup().location
param tags object = {}
param productName string = ''
param publicUrl string = ''
param returnUrls array = []
param clientId string = ''
param clientIds string = ''
param narrowReaches array = []
param rolloutPermissions array = ['GroupMember.Read.All']
param certificateName string = ''
param privateNetwork bool = false
param fixedAddress bool = false
param addressPrefix string = '10.47.0.0/24'
param instanceMemoryMB int = 2048
param maximumInstances int = 100
param alwaysReady int = 1
param httpConcurrency int = 16
param pollSeconds int = 300
param storageSku string = 'Standard_ZRS'
param vaultRetentionDays int = 7
param logRetentionDays int = 30
param alertEmails array = []
param operatorGroupId string = ''
param deleteLock bool = false

@description('First API key. Used when the vault has none yet; afterwards the vault decides.')
@secure()
param firstApiKey string = '${newGuid()}${newGuid()}'

@description('First signing key of state and links; likewise.')
@secure()
param firstSigningKey string = '${newGuid()}${newGuid()}'

// The same at every deployment of this environment, and another elsewhere.
var suffix = uniqueString(subscription().id, resourceGroup().id, environmentName)

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: 'id-calbridge-${suffix}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    suffix: suffix
    location: location
    tags: tags
    retentionDays: logRetentionDays
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: 'stcal${suffix}'
    location: location
    tags: tags
    sku: storageSku
    isPrivate: privateNetwork
    principalId: identity.outputs.principalId
    operatorGroupId: operatorGroupId
    workspaceId: monitoring.outputs.workspaceId
    deleteLock: deleteLock
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: 'kv-cal-${suffix}'
    location: location
    tags: tags
    retentionDays: vaultRetentionDays
    isPrivate: privateNetwork
    principalId: identity.outputs.principalId
    operatorGroupId: operatorGroupId
    workspaceId: monitoring.outputs.workspaceId
    deleteLock: deleteLock
    firstApiKey: firstApiKey
    firstSigningKey: firstSigningKey
  }
}

module network 'modules/network.bicep' = if (privateNetwork || fixedAddress) {
  name: 'network'
  params: {
    suffix: suffix
    location: location
    tags: tags
    addressPrefix: addressPrefix
    isPrivate: privateNetwork
    fixedAddress: fixedAddress
    storageId: storage.outputs.id
    vaultId: vault.outputs.id
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    name: 'func-calbridge-${suffix}'
    planName: 'plan-calbridge-${suffix}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    packageUrl: storage.outputs.packageUrl
    subnetId: network.?outputs.?appSubnetId ?? ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    alwaysReady: alwaysReady
    httpConcurrency: httpConcurrency
  }
}

var ownUrl = empty(publicUrl) ? 'https://${app.outputs.hostName}' : publicUrl

module registration 'modules/registration.bicep' = if (empty(clientId)) {
  name: 'registration'
  params: {
    uniqueName: 'calbridge-${suffix}'
    displayName: 'Calbridge (${environmentName})'
    reaches: concat(['read_write'], narrowReaches)
    rolloutPermissions: rolloutPermissions
    publicUrl: ownUrl
    principalId: identity.outputs.principalId
  }
}

var ownClientId = empty(clientId) ? (registration.?outputs.?clientId ?? '') : clientId
var ownClientIds = empty(clientId) ? join(skip(registration.?outputs.?clientIds ?? [], 1), ',') : clientIds

module settings 'modules/settings.bicep' = {
  name: 'settings'
  params: {
    appName: app.outputs.name
    productName: productName
    publicUrl: ownUrl
    returnUrls: returnUrls
    clientId: ownClientId
    clientIds: ownClientIds
    certificateName: certificateName
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    apiKeysSecret: vault.outputs.apiKeysSecret
    signingKeySecret: vault.outputs.signingKeySecret
    pollSeconds: pollSeconds
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
  }
}

output appName string = app.outputs.name
output publicUrl string = ownUrl
output clientId string = ownClientId
output vaultName string = vault.outputs.name
output storageAccount string = storage.outputs.name
output outboundAddress string = network.?outputs.?outboundAddress ?? ''
output identityPrincipalId string = identity.outputs.principalId
