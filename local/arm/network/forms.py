"""The forms of requests to Microsoft.Network, as far as the simulator reads them."""

from ..forms import Form
from .shapes import INTERFACE, NETWORK, PUBLIC_ADDRESS, SECURITY_GROUP

_ID: Form = {"id": str}
_ENVELOPE: Form = {"location": str, "tags": object, "sku": {"name": str}, "zones": [str]}
_RULE_INNER: Form = {
    **dict.fromkeys(("description", "protocol", "access", "direction"), str),
    **dict.fromkeys(
        ("sourcePortRange", "destinationPortRange", "sourceAddressPrefix", "destinationAddressPrefix"), str
    ),
    "sourcePortRanges": [str],
    "destinationPortRanges": [str],
    "sourceAddressPrefixes": [str],
    "destinationAddressPrefixes": [str],
    "priority": int,
}
_SUBNET_INNER: Form = {"addressPrefix": str, "addressPrefixes": [str], "networkSecurityGroup": _ID}
_IP_CONFIGURATION: Form = {
    "name": str,
    "properties": {
        "subnet": _ID,
        "publicIPAddress": _ID,
        "primary": bool,
        "privateIPAllocationMethod": str,
        "privateIPAddress": str,
    },
}
# A PUT or PATCH of each type, and of the type that is nested in it.
TYPES: dict[str, Form] = {
    SECURITY_GROUP: _ENVELOPE | {"properties": {"securityRules": [{"name": str, "properties": _RULE_INNER}]}},
    NETWORK: _ENVELOPE
    | {
        "properties": {
            "addressSpace": {"addressPrefixes": [str]},
            "subnets": [{"name": str, "properties": _SUBNET_INNER}],
        }
    },
    PUBLIC_ADDRESS: _ENVELOPE
    | {"properties": {"publicIPAllocationMethod": str, "publicIPAddressVersion": str, "idleTimeoutInMinutes": int}},
    INTERFACE: _ENVELOPE
    | {
        "properties": {
            "networkSecurityGroup": _ID,
            "ipConfigurations": [_IP_CONFIGURATION],
            "enableAcceleratedNetworking": bool,
            "enableIPForwarding": bool,
            "dnsSettings": {"dnsServers": [str]},
        }
    },
}
NESTED: dict[str, Form] = {
    SECURITY_GROUP: {"name": str, "properties": _RULE_INNER},
    NETWORK: {"name": str, "properties": _SUBNET_INNER},
}
