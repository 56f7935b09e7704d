"""Which extension of a VM installs the driver of its GPU."""

from collections.abc import Mapping

from shared.states.enums import GpuType, OsType

GPU_DRIVERS: Mapping[tuple[GpuType, OsType], tuple[str, str]] = {
    (GpuType.NVIDIA, OsType.WINDOWS): ("NvidiaGpuDriverWindows", "1.10"),
    (GpuType.NVIDIA, OsType.LINUX): ("NvidiaGpuDriverLinux", "1.11"),
    (GpuType.AMD, OsType.WINDOWS): ("AmdGpuDriverWindows", "1.1"),
}
"""The extension of Microsoft.HpcCompute and its version, by maker and operating system; AMD has none for Linux."""
