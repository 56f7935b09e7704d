// The function app, on Flex Consumption.
param token string
param location string
param tags object
param identityId string
param clientId string
param storageAccountName string
param packageContainerUrl string
param vaultUrl string
@secure()
param appInsightsConnectionString string
param authClientId string
param authTenantId string
param orgClaim string
param topicEndpoint string
param webhookUrl string
param janitorRemoves bool

var authenticated = !empty(authClientId)
// Activities call blocking SDKs on the worker's threads; by default it has a handful.
var workerThreads = 32
// A request mostly waits for storage, so an instance takes many; the platform's default for Python is far lower.
var requestsPerInstance = 16

var receivers = union(
  empty(topicEndpoint) ? {} : { EVENT_GRID_TOPIC_ENDPOINT: topicEndpoint },
  empty(webhookUrl)
    ? {}
    : {
        EVENT_WEBHOOK_URL: webhookUrl
        EVENT_WEBHOOK_SECRET: '@Microsoft.KeyVault(SecretUri=${vaultUrl}secrets/event-webhook-secret)'
      }
)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      ftpsState: 'Disabled'
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.12'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 40
        // One of each, so that neither a request nor an orchestration that wakes up meets a cold start.
        alwaysReady: [
          {
            name: 'http'
            instanceCount: 1
          }
          {
            name: 'durable'
            instanceCount: 1
          }
        ]
        triggers: {
          http: { perInstanceConcurrency: requestsPerInstance }
        }
      }
    }
  }

  // The names of shared/settings.py, and what the platform itself reads.
  resource settings 'config' = {
    name: 'appsettings'
    properties: union(receivers, {
      AzureWebJobsStorage__accountName: storageAccountName
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: appInsightsConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
      PYTHON_THREADPOOL_THREAD_COUNT: string(workerThreads)
      AZURE_CLIENT_ID: clientId
      KEY_VAULT_URL: vaultUrl
      ORG_CLAIM: orgClaim
      JANITOR_REMOVES: janitorRemoves ? 'true' : 'false'
      // Only App Service authentication keeps callers from writing the principal's header themselves.
      REQUIRE_PRINCIPAL: authenticated ? 'true' : 'false'
      // A timer that has nobody to tell anything would only keep an instance awake.
      'AzureWebJobs.publish_to_event_grid.Disabled': empty(topicEndpoint) ? 'true' : 'false'
      'AzureWebJobs.publish_to_webhook.Disabled': empty(webhookUrl) ? 'true' : 'false'
    })
  }

  resource ftpPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scmPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource authentication 'config' = if (authenticated) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: authClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${authTenantId}/v2.0'
          }
          validation: {
            allowedAudiences: [
              authClientId
              'api://${authClientId}'
            ]
          }
        }
      }
      // Callers are programs with tokens: nobody signs in here, so there is nothing to keep.
      login: {
        tokenStore: { enabled: false }
      }
    }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
