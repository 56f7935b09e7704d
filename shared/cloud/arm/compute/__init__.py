"""What an import touches: a resource group, a network, a virtual machine."""
