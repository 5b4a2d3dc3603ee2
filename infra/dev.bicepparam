using './main.bicep'

param environmentName = 'dev'
param location = 'westeurope'
param returnUrls = ['https://localhost:8080/']
param alwaysReady = 0
param maximumInstances = 40
param storageSku = 'Standard_LRS'
