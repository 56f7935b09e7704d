"""The PowerShell that runs inside a Windows VM, through managed run commands.

Each script may run twice, ends with exit code 0 only if it reached its goal, and prints what it did.
"""

from shared.states.enums import OsType

_ALLOW_RDP = r"""
$ErrorActionPreference = 'Stop'
Set-ItemProperty -Path 'HKLM:\System\CurrentControlSet\Control\Terminal Server' -Name fDenyTSConnections -Value 0
Set-ItemProperty -Path 'HKLM:\System\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' `
    -Name UserAuthentication -Value 1
Set-Service -Name TermService -StartupType Automatic
# By group id, since the display name of the group is translated on localised images.
Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' | Enable-NetFirewallRule
Write-Output 'Remote desktop connections are allowed.'
"""

_INSTALL_RDS = r"""
# Client editions, multi-session among them, have no server roles: there, session hosting is part of the edition.
if (Get-Command -Name Install-WindowsFeature -ErrorAction SilentlyContinue) {
    $role = Install-WindowsFeature -Name RDS-RD-Server
    if (-not $role.Success) { Write-Error 'The role RDS-RD-Server could not be installed.'; exit 1 }
    Write-Output "RDS-RD-Server: $($role.ExitCode)."
}
"""


def remote_desktop(os_type: OsType) -> str:
    """What makes a Windows image of that type reachable; the VM is restarted afterwards."""
    if os_type in (OsType.SERVER, OsType.WVD):
        return _ALLOW_RDP + _INSTALL_RDS
    return _ALLOW_RDP
