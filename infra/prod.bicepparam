using './main.bicep'

param environmentName = 'prod'
param location = 'westeurope'
param productName = readEnvironmentVariable('CALBRIDGE_PRODUCT_NAME', '')
param publicUrl = readEnvironmentVariable('CALBRIDGE_PUBLIC_URL', '')
param returnUrls = split(readEnvironmentVariable('CALBRIDGE_RETURN_URLS', 'https://app.example.com/'), ',')
param privateNetwork = true
param logRetentionDays = 90
param vaultRetentionDays = 7
param alertEmails = split(readEnvironmentVariable('CALBRIDGE_ALERT_EMAILS', 'operations@example.com'), ',')
param operatorGroupId = readEnvironmentVariable('CALBRIDGE_OPERATOR_GROUP_ID', '')
param deleteLock = true
