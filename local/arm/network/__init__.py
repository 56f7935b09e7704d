"""Microsoft.Network: security groups, virtual networks, public IP addresses, network interfaces."""
