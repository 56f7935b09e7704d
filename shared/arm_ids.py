"""The forms of Azure's ids and names that callers may give us.

They end up in URLs that are called with our token, so nothing that a URL could be bent with gets through: no empty
part, no dots alone, none of the characters that are special in a URL.
"""

import re

_NAME = r"(?!\.+(?:/|$))[A-Za-z0-9_().-]{1,90}"
_SUBSCRIPTION = r"/subscriptions/(?P<subscription>[0-9A-Fa-f-]{36})"
_GROUP = rf"{_SUBSCRIPTION}/resourceGroups/(?P<group>{_NAME})"
_FLAGS = re.IGNORECASE | re.ASCII

SUBNET_ID = re.compile(
    rf"{_GROUP}/providers/Microsoft\.Network/virtualNetworks/(?P<network>{_NAME})/subnets/(?P<subnet>{_NAME})", _FLAGS
)
"""ARM id of a subnet; groups: subscription, group, network, subnet."""

GALLERY_ID = re.compile(rf"{_GROUP}/providers/Microsoft\.Compute/galleries/(?P<gallery>{_NAME})", _FLAGS)
"""ARM id of a gallery; groups: subscription, group, gallery."""

IMAGE_VERSION_ID = re.compile(
    rf"{_GROUP}/providers/Microsoft\.Compute/galleries/(?P<gallery>{_NAME})/images/(?P<image>{_NAME})"
    r"/versions/(?P<version>[0-9]{1,10}\.[0-9]{1,10}\.[0-9]{1,10})",
    _FLAGS,
)
"""ARM id of a gallery image version; groups: subscription, group, gallery, image, version."""

RESOURCE_NAME = re.compile(_NAME, _FLAGS)
"""The name of a resource or a resource group."""

VM_SIZE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,63}", re.ASCII)
"""The name of a VM size, such as Standard_D4s_v5."""
