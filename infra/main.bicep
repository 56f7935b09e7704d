// The image catalogue in Azure: one resource group for the service, one role in each build subscription.
targetScope = 'subscription'

@minLength(1)
@maxLength(24)
@description('Names the deployment: it is part of the resource group\'s name.')
param environmentName string

@minLength(1)
@description('The region of the service, one with Flex Consumption. Images may be built in any other.')
param location string

@description('Subscriptions that images are built in, separated by commas; none: the service\'s own.')
param buildSubscriptionIds string = ''

@description('Whether the service may read and write compute galleries; importing from the Marketplace needs none.')
param allowGalleries bool = false

@description('Client id of the Entra app registration whose tokens callers bring; none: function keys only, for trials.')
param authClientId string = ''

@description('The tenant that issues those tokens; none: the service\'s own.')
param authTenantId string = ''

@description('The claim of a caller\'s token that names the org.')
param orgClaim string = 'org_id'

@description('Whether the janitor removes what no operation needs; else it only reports it.')
param janitorRemoves bool = false

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
@description('How the catalogue\'s storage is replicated; Standard_ZRS where the region has availability zones.')
param storageSku string = 'Standard_LRS'

@description('Whether deleted secrets stay in the vault for its retention period. It can\'t be switched off again.')
param purgeProtection bool = false

@description('Whether there is an Event Grid topic that is told of each change of status.')
param eventGrid bool = false

@description('URL of a webhook that is told of each change of status; its secret is event-webhook-secret in the vault.')
param eventWebhookUrl string = ''

@description('Who is told of alerts; none: no alerts.')
param alertEmail string = ''

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var buildSubscriptions = empty(buildSubscriptionIds)
  ? [subscription().subscriptionId]
  : split(replace(buildSubscriptionIds, ' ', ''), ',')

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-image-catalog-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    sku: storageSku
    principalId: identity.outputs.principalId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    purgeProtection: purgeProtection
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module topic 'modules/topic.bicep' = if (eventGrid) {
  name: 'topic'
  scope: group
  params: {
    name: 'evgt-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    identityId: identity.outputs.id
    clientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    packageContainerUrl: storage.outputs.packageContainerUrl
    vaultUrl: vault.outputs.url
    appInsightsConnectionString: monitoring.outputs.connectionString
    authClientId: authClientId
    authTenantId: empty(authTenantId) ? subscription().tenantId : authTenantId
    orgClaim: orgClaim
    topicEndpoint: eventGrid ? topic!.outputs.endpoint : ''
    webhookUrl: eventWebhookUrl
    janitorRemoves: janitorRemoves
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    appInsightsId: monitoring.outputs.appInsightsId
    email: alertEmail
  }
}

module builders 'modules/builder-role.bicep' = [
  for subscriptionId in buildSubscriptions: {
    name: 'image-catalog-builder-${token}'
    scope: subscription(subscriptionId)
    params: {
      environmentName: environmentName
      principalId: identity.outputs.principalId
      allowGalleries: allowGalleries
    }
  }
]

output resourceGroupName string = group.name
output functionAppName string = functionApp.outputs.name
output functionAppUrl string = functionApp.outputs.url
output identityPrincipalId string = identity.outputs.principalId
