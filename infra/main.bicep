targetScope = 'subscription'

@description('Name of this environment: part of every name, and azd\'s mark on the resource group.')
@minLength(2)
@maxLength(20)
param environmentName string

@description('Azure region. It must offer Flex Consumption: az functionapp list-flexconsumption-locations')
param location string

@description('Resource group to create or use; by default named after the environment.')
param resourceGroupName string = 'rg-calbridge-${environmentName}'

@description('Name of the product, as people read it who are asked for consent.')
param productName string = ''

@description('URL under which the world reaches the app, when it has a domain of its own. Empty: the app\'s default host name.')
param publicUrl string = ''

@description('Where people may be sent after consent: a return_url of the API must start with one of these.')
param returnUrls array = []

@description('Client id of an app registration made by hand. Empty: it is made here, for which the deployer needs rights in Entra.')
param clientId string = ''

@description('With clientId: those for a narrower reach, as CALBRIDGE_CLIENT_IDS has them.')
param clientIds string = ''

@description('Without clientId: a further registration for each of these reaches, which asks organisations for less.')
param narrowReaches ('rooms' | 'free_busy' | 'read')[] = []

@description('Without clientId: what rollouts read of the directory besides. The first for those of a group, the second to tell what a mailbox is for.')
param rolloutPermissions ('GroupMember.Read.All' | 'MailboxSettings.Read')[] = ['GroupMember.Read.All']

@description('Name of a certificate in the vault to prove the app with, where a federated credential cannot be had.')
param certificateName string = ''

@description('Storage, vault and their traffic in a private network. The app\'s own URL stays public: Graph and people must reach it.')
param privateNetwork bool = false

@description('Everything that the app sends comes from one public address, for those who let known addresses in only.')
param fixedAddress bool = false

@description('Address space of the network that either of these makes; a /24 at least.')
param addressPrefix string = '10.47.0.0/24'

@description('Memory of an instance in MB; 2048 has one core.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('More instances than this are never started.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 100

@description('Instances for HTTP that never sleep. Graph gives a notification up to ten seconds; a cold start takes part of them.')
@minValue(0)
param alwaysReady int = 1

@description('HTTP requests that one instance takes at a time. The platform\'s default for Python is 1.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('A calendar that was silent this long gets a round anyway.')
@minValue(60)
@maxValue(86400)
param pollSeconds int = 300

@description('Redundancy of the storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('Days for which a destroyed token can be restored by the vault\'s administrator. It cannot be changed later.')
@minValue(7)
@maxValue(90)
param vaultRetentionDays int = 7

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Mail addresses that alerts go to.')
param alertEmails array = []

@description('Object id of an Entra group whose members may read and rotate the API keys and handle poison messages. Empty: nobody.')
param operatorGroupId string = ''

@description('Refuse to delete storage and vault until the lock is taken off.')
param deleteLock bool = false

var tags = {
  'azd-env-name': environmentName
  product: 'calbridge'
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: resourceGroupName
  location: location
  tags: tags
}

module service 'service.bicep' = {
  name: 'calbridge-${environmentName}'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    productName: productName
    publicUrl: publicUrl
    returnUrls: returnUrls
    clientId: clientId
    clientIds: clientIds
    narrowReaches: narrowReaches
    rolloutPermissions: rolloutPermissions
    certificateName: certificateName
    privateNetwork: privateNetwork
    fixedAddress: fixedAddress
    addressPrefix: addressPrefix
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    alwaysReady: alwaysReady
    httpConcurrency: httpConcurrency
    pollSeconds: pollSeconds
    storageSku: storageSku
    vaultRetentionDays: vaultRetentionDays
    logRetentionDays: logRetentionDays
    alertEmails: alertEmails
    operatorGroupId: operatorGroupId
    deleteLock: deleteLock
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output CALBRIDGE_APP_NAME string = service.outputs.appName
output CALBRIDGE_PUBLIC_URL string = service.outputs.publicUrl
output CALBRIDGE_CLIENT_ID string = service.outputs.clientId
output CALBRIDGE_VAULT_NAME string = service.outputs.vaultName
output CALBRIDGE_STORAGE_ACCOUNT string = service.outputs.storageAccount
output CALBRIDGE_OUTBOUND_ADDRESS string = service.outputs.outboundAddress
output CALBRIDGE_IDENTITY_PRINCIPAL_ID string = service.outputs.identityPrincipalId
