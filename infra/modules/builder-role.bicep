// What the service may do in a subscription that images are built in: a role with the actions it calls, no more.
// main.bicep deploys it to each build subscription; a further one can be added with this file alone.
targetScope = 'subscription'

@description('The name of the deployment whose service it is.')
param environmentName string

@description('Object id of the service\'s identity.')
param principalId string

@description('Whether the service may read and write compute galleries.')
param allowGalleries bool = false

var stagingGroup = [
  'Microsoft.Resources/subscriptions/resourceGroups/read'
  'Microsoft.Resources/subscriptions/resourceGroups/write'
  'Microsoft.Resources/subscriptions/resourceGroups/delete'
  'Microsoft.Resources/subscriptions/operationresults/read'
  'Microsoft.Resources/subscriptions/resources/read'
  'Microsoft.Resources/subscriptions/providers/read'
]
var offers = [
  'Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read'
  'Microsoft.Compute/locations/usages/read'
  'Microsoft.Compute/skus/read'
  'Microsoft.MarketplaceOrdering/offertypes/publishers/offers/plans/agreements/read'
  'Microsoft.MarketplaceOrdering/offertypes/publishers/offers/plans/agreements/write'
]
var network = [
  'Microsoft.Network/locations/operationResults/read'
  'Microsoft.Network/locations/operations/read'
  'Microsoft.Network/networkInterfaces/delete'
  'Microsoft.Network/networkInterfaces/join/action'
  'Microsoft.Network/networkInterfaces/read'
  'Microsoft.Network/networkInterfaces/write'
  'Microsoft.Network/networkSecurityGroups/delete'
  'Microsoft.Network/networkSecurityGroups/join/action'
  'Microsoft.Network/networkSecurityGroups/read'
  'Microsoft.Network/networkSecurityGroups/write'
  'Microsoft.Network/publicIPAddresses/delete'
  'Microsoft.Network/publicIPAddresses/join/action'
  'Microsoft.Network/publicIPAddresses/read'
  'Microsoft.Network/publicIPAddresses/write'
  'Microsoft.Network/virtualNetworks/read'
  'Microsoft.Network/virtualNetworks/subnets/join/action'
  'Microsoft.Network/virtualNetworks/subnets/read'
]
var machine = [
  'Microsoft.Compute/disks/delete'
  'Microsoft.Compute/disks/read'
  'Microsoft.Compute/disks/write'
  'Microsoft.Compute/locations/operations/read'
  'Microsoft.Compute/virtualMachines/delete'
  'Microsoft.Compute/virtualMachines/extensions/read'
  'Microsoft.Compute/virtualMachines/extensions/write'
  'Microsoft.Compute/virtualMachines/instanceView/read'
  'Microsoft.Compute/virtualMachines/read'
  'Microsoft.Compute/virtualMachines/restart/action'
  'Microsoft.Compute/virtualMachines/runCommands/read'
  'Microsoft.Compute/virtualMachines/runCommands/write'
  'Microsoft.Compute/virtualMachines/write'
]
var galleries = [
  'Microsoft.Compute/galleries/images/delete'
  'Microsoft.Compute/galleries/images/read'
  'Microsoft.Compute/galleries/images/versions/delete'
  'Microsoft.Compute/galleries/images/versions/read'
  'Microsoft.Compute/galleries/images/versions/write'
  'Microsoft.Compute/galleries/images/write'
  'Microsoft.Compute/galleries/read'
]

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, environmentName, 'image-catalog-builder')
  properties: {
    // Unique in the tenant, as Azure wants it.
    roleName: 'Image Catalog Builder (${environmentName}, ${subscription().subscriptionId})'
    description: 'Builds images in staging resource groups of their own.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: concat(stagingGroup, offers, network, machine, allowGalleries ? galleries : [])
        notActions: []
      }
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, role.id)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role.id
  }
}
