// The app as Microsoft 365 customers see it. Apart, because it needs rights in Entra and not in Azure.
extension microsoftGraphV1

param uniqueName string
param displayName string
param publicUrl string
param principalId string

var names = loadJsonContent('../names.json')
var graphAppId = '00000003-0000-0000-c000-000000000000'

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: graphAppId
}

// By name, so that no id of a permission is written down here.
var delegated = filter(graph.oauth2PermissionScopes, scope => contains(names.permissions.delegated, scope.value))
var application = filter(graph.appRoles, role => contains(names.permissions.application, role.value))

resource registration 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: uniqueName
  displayName: displayName
  signInAudience: 'AzureADMultipleOrgs'
  api: { requestedAccessTokenVersion: 2 }
  web: {
    redirectUris: map(names.redirects, path => '${publicUrl}/${path}')
    implicitGrantSettings: {
      enableAccessTokenIssuance: false
      enableIdTokenIssuance: false
    }
  }
  requiredResourceAccess: [
    {
      resourceAppId: graphAppId
      resourceAccess: concat(
        map(delegated, scope => { id: scope.id, type: 'Scope' }),
        map(application, role => { id: role.id, type: 'Role' })
      )
    }
  ]

  // In the place of a client secret: Entra trusts the tokens of the app's managed identity.
  resource federated 'federatedIdentityCredentials@v1.0' = {
    name: '${registration.uniqueName}/managed-identity'
    issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
    subject: principalId
    audiences: ['api://AzureADTokenExchange']
  }
}

resource principal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: registration.appId
}

output clientId string = registration.appId
