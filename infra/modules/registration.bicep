// The app as Microsoft 365 customers see it. Apart, because it needs rights in Entra and not in Azure.
extension microsoftGraphV1

param uniqueName string
param displayName string
@description('One registration for each; the first is the main one.')
param reaches array
param rolloutPermissions array
param publicUrl string
param principalId string

var names = loadJsonContent('../names.json')
var graphAppId = '00000003-0000-0000-c000-000000000000'

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: graphAppId
}

var forRollouts = intersection(names.permissions.rollouts, rolloutPermissions)

// By name, so that no id of a permission is written down here.
var scopes = filter(graph.oauth2PermissionScopes, scope => contains(names.permissions.delegated, scope.value))

resource registrations 'Microsoft.Graph/applications@v1.0' = [
  for (reach, index) in reaches: {
    uniqueName: index == 0 ? uniqueName : '${uniqueName}-${reach}'
    displayName: index == 0 ? displayName : '${displayName}, ${replace(reach, '_', ' ')}'
    signInAudience: 'AzureADMultipleOrgs'
    // Puts `wids` into id tokens: whether who agreed for an organisation may.
    groupMembershipClaims: 'DirectoryRole'
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
          map(scopes, scope => { id: scope.id, type: 'Scope' }),
          map(
            filter(
              graph.appRoles,
              role => contains(
                // Where only rooms are read there is nobody to roll out to.
                concat(names.permissions.application[reach], reach == 'rooms' ? [] : forRollouts),
                role.value
              )
            ),
            role => { id: role.id, type: 'Role' }
          )
        )
      }
    ]
  }
]

// In the place of a client secret: Entra trusts the tokens of the app's managed identity.
resource federated 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = [
  for (reach, index) in reaches: {
    name: '${registrations[index].uniqueName}/managed-identity'
    issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
    subject: principalId
    audiences: ['api://AzureADTokenExchange']
  }
]

resource principals 'Microsoft.Graph/servicePrincipals@v1.0' = [
  for (reach, index) in reaches: {
    appId: registrations[index].appId
  }
]

output clientId string = registrations[0].appId
output clientIds array = [for (reach, index) in reaches: '${reach}=${registrations[index].appId}']
