"""The only code that imports the Azure SDKs; it fills the ports of `shared.ports`."""
