// Azure's resource events of a build subscription, to the app's function resource_events; see docs/operations.md.
// Deploy it to each build subscription once the app's code is published: Event Grid looks whether the function is there.
targetScope = 'subscription'

@description('The name of the deployment whose service it is.')
param environmentName string

@description('Resource id of the function app, in any subscription of the tenant.')
param functionAppId string

resource events 'Microsoft.EventGrid/eventSubscriptions@2022-06-15' = {
  name: 'image-catalog-${environmentName}'
  properties: {
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${functionAppId}/functions/resource_events'
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
      }
    }
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: [
        'Microsoft.Resources.ResourceWriteSuccess'
        'Microsoft.Resources.ResourceWriteFailure'
        'Microsoft.Resources.ResourceWriteCancel'
        'Microsoft.Resources.ResourceDeleteSuccess'
        'Microsoft.Resources.ResourceDeleteFailure'
        'Microsoft.Resources.ResourceDeleteCancel'
        'Microsoft.Resources.ResourceActionSuccess'
        'Microsoft.Resources.ResourceActionFailure'
        'Microsoft.Resources.ResourceActionCancel'
      ]
      // What a workflow waits for: all else in the subscription would run the function for nothing.
      advancedFilters: [
        {
          operatorType: 'StringIn'
          key: 'data.operationName'
          values: [
            'Microsoft.Compute/galleries/images/delete'
            'Microsoft.Compute/galleries/images/versions/delete'
            'Microsoft.Compute/galleries/images/versions/write'
            'Microsoft.Compute/galleries/images/write'
            'Microsoft.Compute/virtualMachines/extensions/write'
            'Microsoft.Compute/virtualMachines/restart/action'
            'Microsoft.Compute/virtualMachines/runCommands/write'
            'Microsoft.Compute/virtualMachines/write'
            'Microsoft.Network/networkSecurityGroups/write'
            'Microsoft.Resources/subscriptions/resourceGroups/delete'
          ]
        }
      ]
    }
    // Later than that, whoever waited has asked by itself.
    retryPolicy: {
      maxDeliveryAttempts: 10
      eventTimeToLiveInMinutes: 60
    }
  }
}
