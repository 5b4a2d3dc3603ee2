using './main.bicep'

param environmentName = 'prod'
param location = 'westeurope'
param productName = readEnvironmentVariable('CALBRIDGE_PRODUCT_NAME', '')
param publicUrl = readEnvironmentVariable('CALBRIDGE_PUBLIC_URL', '')
// Neither this nor alertEmails has a default: whoever forgets them is told before anything is made.
param returnUrls = split(readEnvironmentVariable('CALBRIDGE_RETURN_URLS'), ',')
param privateNetwork = true
param logRetentionDays = 90
param vaultRetentionDays = 7
param alertEmails = split(readEnvironmentVariable('CALBRIDGE_ALERT_EMAILS'), ',')
param operatorGroupId = readEnvironmentVariable('CALBRIDGE_OPERATOR_GROUP_ID', '')
param deleteLock = true
