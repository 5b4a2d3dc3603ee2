// Apart from the app: the redirect URIs need its host name, and the settings need the registration's id.

param appName string
param productName string
param publicUrl string
param returnUrls array
param clientId string
param clientIds string
param certificateName string
param identityClientId string
param storageName string
param vaultName string
param insightsName string
param apiKeysSecret string
param signingKeySecret string
param pollSeconds int

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var fromVault = '@Microsoft.KeyVault(VaultName=${vaultName};SecretName='

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: {
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    AzureWebJobsStorage__blobServiceUri: account.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: account.properties.primaryEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: account.properties.primaryEndpoints.table
    CALBRIDGE_PRODUCT_NAME: productName
    CALBRIDGE_PUBLIC_URL: publicUrl
    CALBRIDGE_API_KEYS: '${fromVault}${apiKeysSecret})'
    CALBRIDGE_SIGNING_KEY: '${fromVault}${signingKeySecret})'
    CALBRIDGE_VAULT_URL: vault.properties.vaultUri
    CALBRIDGE_CLIENT_ID: clientId
    CALBRIDGE_CLIENT_IDS: clientIds
    CALBRIDGE_CERTIFICATE: empty(certificateName) ? '' : '${fromVault}${certificateName})'
    CALBRIDGE_MANAGED_IDENTITY: empty(certificateName) ? identityClientId : ''
    CALBRIDGE_AUTHORITY: environment().authentication.loginEndpoint
    CALBRIDGE_RETURN_URLS: join(returnUrls, ',')
    CALBRIDGE_POLL_SECONDS: string(pollSeconds)
  }
}
