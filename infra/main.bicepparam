// For azd, which puts its environment's values into the process.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param productName = readEnvironmentVariable('CALBRIDGE_PRODUCT_NAME', '')
param publicUrl = readEnvironmentVariable('CALBRIDGE_PUBLIC_URL', '')
param returnUrls = filter(split(readEnvironmentVariable('CALBRIDGE_RETURN_URLS', ''), ','), url => !empty(url))
param clientId = readEnvironmentVariable('CALBRIDGE_OWN_CLIENT_ID', '')
param clientIds = readEnvironmentVariable('CALBRIDGE_OWN_CLIENT_IDS', '')
param certificateName = readEnvironmentVariable('CALBRIDGE_CERTIFICATE_NAME', '')
param privateNetwork = bool(readEnvironmentVariable('CALBRIDGE_PRIVATE_NETWORK', 'false'))
param fixedAddress = bool(readEnvironmentVariable('CALBRIDGE_FIXED_ADDRESS', 'false'))
param alwaysReady = int(readEnvironmentVariable('CALBRIDGE_ALWAYS_READY', '1'))
param storageSku = readEnvironmentVariable('CALBRIDGE_STORAGE_SKU', 'Standard_ZRS')
param alertEmails = filter(split(readEnvironmentVariable('CALBRIDGE_ALERT_EMAILS', ''), ','), mail => !empty(mail))
param operatorGroupId = readEnvironmentVariable('CALBRIDGE_OPERATOR_GROUP_ID', '')
param deleteLock = bool(readEnvironmentVariable('CALBRIDGE_DELETE_LOCK', 'false'))
