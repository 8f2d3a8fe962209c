"""A phone on the bench: a Bumble device that scans and connects."""

from __future__ import annotations

from bumble import hci
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host

from hostsim.radio.air import Air, Controller

ADDRESS = "F0:F1:F2:F3:F4:01"


class Phone:
    """The handler's (or a stranger's) phone. `mtu` is the ATT MTU that it asks for, 23 for never asking."""

    def __init__(self, device: Device, air: Air, mtu: int) -> None:
        self.device = device
        self.air = air
        self.mtu = mtu
        self.powered = True

    @classmethod
    async def switch_on(cls, air: Air, address: str = ADDRESS, mtu: int = 247, name: str = "phone") -> Phone:
        """A phone with its Bluetooth on, in range of everything on this air."""
        controller = Controller(name, air, address)
        config = DeviceConfiguration(name=name, address=hci.Address(address))
        device = Device(config=config, host=Host(controller, controller))
        await device.power_on()
        return cls(device, air, mtu)
