param name string
param location string
param tags object

// Assigned by us and not by the platform: it exists before the app, so roles can be given first,
// and only such an identity can be a federated credential.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
