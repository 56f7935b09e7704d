"""The forms of requests to Microsoft.Compute, as far as the simulator reads them."""

from ..forms import Form

_ID: Form = {"id": str}
_PLAN: Form = {"name": str, "publisher": str, "product": str}
_ENVELOPE: Form = {"location": str, "tags": object}
_STORAGE: Form = {"id": str, "storageAccountType": str}
_OS_DISK: Form = {
    "osType": str,
    "name": str,
    "createOption": str,
    "caching": str,
    "deleteOption": str,
    "diskSizeGB": int,
    "managedDisk": _STORAGE,
}
_DATA_DISK: Form = _OS_DISK | {"lun": int}
_PUBLIC_ADDRESS: Form = {"name": str, "sku": {"name": str}, "properties": {"deleteOption": str, "sku": {"name": str}}}
_IP_CONFIGURATION: Form = {
    "name": str,
    "properties": {
        "subnet": _ID,
        "primary": bool,
        "publicIPAddressConfiguration": _PUBLIC_ADDRESS,
        "privateIPAddressVersion": str,
    },
}
_INTERFACE: Form = {
    "name": str,
    "properties": {
        "primary": bool,
        "deleteOption": str,
        "networkSecurityGroup": _ID,
        "ipConfigurations": [_IP_CONFIGURATION],
    },
}

MACHINE: Form = _ENVELOPE | {
    "plan": _PLAN,
    "zones": [str],
    "identity": {"type": str},
    "properties": {
        "hardwareProfile": {"vmSize": str},
        "storageProfile": {
            "imageReference": dict.fromkeys(("id", "publisher", "offer", "sku", "version"), str),
            "osDisk": _OS_DISK,
            "dataDisks": [_DATA_DISK],
        },
        "osProfile": {
            "computerName": str,
            "adminUsername": str,
            "adminPassword": str,
            "customData": str,
            "windowsConfiguration": {"provisionVMAgent": bool, "enableAutomaticUpdates": bool},
            "linuxConfiguration": {"provisionVMAgent": bool, "ssh": {"publicKeys": [object]}},
        },
        "securityProfile": {"securityType": str, "uefiSettings": {"secureBootEnabled": bool, "vTpmEnabled": bool}},
        "networkProfile": {
            "networkApiVersion": str,
            "networkInterfaces": [{"id": str, "properties": {"primary": bool, "deleteOption": str}}],
            "networkInterfaceConfigurations": [_INTERFACE],
        },
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": bool}},
        "licenseType": str,
        "userData": str,
    },
}
EXTENSION: Form = _ENVELOPE | {
    "properties": {
        "publisher": str,
        "type": str,
        "typeHandlerVersion": str,
        "autoUpgradeMinorVersion": bool,
        "settings": {},
        "protectedSettings": {},
    }
}
RUN_COMMAND: Form = _ENVELOPE | {
    "properties": {
        "source": dict.fromkeys(("script", "scriptUri", "commandId", "galleryScriptReferenceId"), str),
        "parameters": [{"name": str, "value": str}],
        "protectedParameters": [{"name": str, "value": str}],
        "asyncExecution": bool,
        "timeoutInSeconds": int,
        "treatFailureAsDeploymentFailure": bool,
    }
}
RUN_COMMAND_ACTION: Form = {"commandId": str, "script": [str], "parameters": [{"name": str, "value": str}]}
DISK: Form = _ENVELOPE | {
    "sku": {"name": str},
    "zones": [str],
    "properties": {
        "osType": str,
        "hyperVGeneration": str,
        "diskSizeGB": int,
        "incremental": bool,
        "purchasePlan": _PLAN,
        "securityProfile": {"securityType": str},
        "supportedCapabilities": {"architecture": str, "acceleratedNetwork": bool, "diskControllerTypes": str},
        "creationData": {
            "createOption": str,
            "sourceResourceId": str,
            "imageReference": {"id": str, "lun": int},
            "galleryImageReference": {"id": str, "lun": int},
        },
    },
}
ACCESS: Form = {"access": str, "durationInSeconds": int}
