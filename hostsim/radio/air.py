"""The air: what a connection can carry and when, in virtual time.

Bumble's own link delivers at once and loses nothing. Here data waits for connection events, a lost packet is sent
again (which costs time, never data), a link can go silent at any packet, and advertising happens only while somebody
listens.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bumble import controller, core, hci, ll
from bumble import link as bumble_link

from hostsim.radio.unsaid import leave_unsaid

ATT_NOTIFICATION = 0x1B
_L2CAP_HEADER = 4
_ADVERTISING_DELAY_US = 10_000
"""An advertiser adds a random delay of up to 10 ms to each interval (Bluetooth Core, Vol 6, Part B, 4.4.2.2.1)."""


@dataclass
class AirParameters:
    """What the radio link between collar and phone is like.

    `interval_ms`: connection interval. `packets`: link-layer packets each way in one connection event. `octets`: payload
    of one link-layer packet (27, or 251 with data length extension). `loss`: share of packets that must be sent again.
    `supervision_s`: how long a silent link takes to be given up.
    """

    interval_ms: float = 30.0
    packets: int = 6
    octets: int = 251
    loss: float = 0.0
    supervision_s: float = 2.0

    def payload_rate(self, mtu: int) -> float:
        """Bytes a second that notifications can carry at this ATT MTU when nothing is lost."""
        per_notification = -(-(mtu + _L2CAP_HEADER) // self.octets)
        return self.packets / per_notification * (mtu - 3) * 1000 / self.interval_ms


@dataclass
class _Parcel:
    """One L2CAP or control PDU on its way: packets still to send, and what its arrival does."""

    packets: int
    arrive: Callable[[], None]
    pdu: bytes = b""


@dataclass(eq=False)
class _Wire:
    """One connection."""

    ends: tuple[controller.Controller, controller.Controller]
    anchor: float
    queues: dict[controller.Controller, deque[_Parcel]] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None
    silent: bool = False


class Advertiser(controller.LegacyAdvertiser):
    """An advertiser whose timer runs only while somebody listens."""

    def __hash__(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return id(self)

    @property
    def _air(self) -> Air:
        link = self.controller.link
        assert isinstance(link, Air)
        return link

    def start(self) -> None:
        """Advertising is switched on."""
        self.stop()
        self.enabled = True
        self._air.listening_changed()

    def advertise(self) -> None:
        """One advertisement and the scan response that an active scanner would ask for."""
        self.controller.send_advertising_pdu(
            ll.AdvInd(advertiser_address=self.address, data=self.advertising_data + self.scan_response_data)
        )


class Controller(controller.Controller):
    """A Bumble controller on this air."""

    def __init__(self, name: str, air: Air, address: str) -> None:
        super().__init__(name, link=air, public_address=address)
        self.random_address = hci.Address(address)
        self.le_features = self.le_features & ~hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
        self.le_acl_data_packet_length = 251
        self.le_legacy_advertiser = Advertiser(self)

    def on_hci_command_packet(self, command: hci.HCI_Command) -> None:
        """As the original; afterwards the air looks who listens."""
        super().on_hci_command_packet(command)
        if self.link:
            assert isinstance(self.link, Air)
            self.link.listening_changed()

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Gives the attempt up and says so, which the original leaves out."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is not None:
            self.send_hci_packet(
                hci.HCI_LE_Connection_Complete_Event(
                    status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                    connection_handle=0,
                    role=hci.Role.CENTRAL,
                    peer_address_type=pending.peer_address.address_type,
                    peer_address=pending.peer_address,
                    connection_interval=0,
                    peripheral_latency=0,
                    supervision_timeout=0,
                    central_clock_accuracy=0,
                )
            )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def lose(self, peer: controller.Controller) -> None:
        """The supervision timeout of the connection with `peer` has run out."""
        for connection in list(self.le_connections.values()):
            if connection.peer_address in (peer.random_address, peer.public_address):
                self.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


class Air(bumble_link.LocalLink):
    """Carries packets between controllers under `AirParameters`; repeatable for a seed."""

    def __init__(self, parameters: AirParameters | None = None, seed: int = 1) -> None:
        super().__init__()
        leave_unsaid()
        self.parameters = parameters or AirParameters()
        self.in_range = True
        self.packets = 0
        self.advertisements = 0
        self.arrived: list[Callable[[controller.Controller, bytes], None]] = []
        self.attended: list[Callable[[], None]] = []
        """Called, often, before it is decided whether anybody advertises."""
        self._random = random.Random(seed)
        self._wires: list[_Wire] = []
        self._drop_at: list[int] = []
        self._timers: dict[Advertiser, asyncio.TimerHandle] = {}
        self._looking = False

    # Faults

    def drop(self) -> None:
        """All connections go silent now; both ends notice after the supervision timeout."""
        for wire in self._wires:
            self._silence(wire)

    def drop_at(self, *packets: int) -> None:
        """Connections go silent when the air has carried these numbers of packets in all."""
        self._drop_at = sorted(packets)

    def leave(self) -> None:
        """The collar goes out of range."""
        self.in_range = False
        self.drop()

    def come_back(self) -> None:
        """The collar is in range again."""
        self.in_range = True
        self.listening_changed()

    def cut(self, lost: controller.Controller) -> None:
        """This controller lost its power: its connections end at once on its side, after the timeout on the other."""
        for wire in self._wires:
            if lost in wire.ends:
                self._silence(wire)
        for connection in list(lost.le_connections.values()):
            lost.on_le_disconnected(
                connection, hci.HCI_ErrorCode.REMOTE_DEVICE_TERMINATED_CONNECTION_DUE_TO_POWER_OFF_ERROR
            )

    def _silence(self, wire: _Wire) -> None:
        if wire.silent:
            return
        wire.silent = True
        if wire.timer is not None:
            wire.timer.cancel()
        asyncio.get_running_loop().call_soon(self._supervise, wire)

    def _supervise(self, wire: _Wire) -> None:
        asyncio.get_running_loop().call_later(self.parameters.supervision_s, self._give_up, wire)

    def _give_up(self, wire: _Wire) -> None:
        if wire in self._wires:
            self._wires.remove(wire)
        first, second = wire.ends
        for end, peer in ((first, second), (second, first)):
            if isinstance(end, Controller):
                end.lose(peer)

    # Advertising

    def listening_changed(self) -> None:
        """Starts or stops the advertisers' timers; called often, so it only takes note."""
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._looking = False
        for attend in self.attended:
            attend()
        for end in sorted(self.controllers, key=lambda one: one.name):
            advertiser = end.le_legacy_advertiser
            if not isinstance(advertiser, Advertiser):
                continue
            wanted = advertiser.enabled and self.in_range and self.heard_by_somebody(end)
            if wanted and advertiser not in self._timers:
                self._advertise_later(advertiser, self._random.random() * self._interval(advertiser))
            elif not wanted and (timer := self._timers.pop(advertiser, None)):
                timer.cancel()

    def heard_by_somebody(self, sender: controller.Controller) -> bool:
        """Whether anybody but the sender scans or wants to connect."""
        return any(
            end.le_scan_enable or end.pending_le_connection for end in self.controllers if end is not sender
        )

    def _interval(self, advertiser: Advertiser) -> float:
        return max(advertiser.advertising_interval_min, 32) * 0.625e-3

    def _advertise_later(self, advertiser: Advertiser, delay: float) -> None:
        self._timers[advertiser] = asyncio.get_running_loop().call_later(delay, self._advertise, advertiser)

    def _advertise(self, advertiser: Advertiser) -> None:
        del self._timers[advertiser]
        if not (advertiser.enabled and self.in_range):
            return
        delay = self._interval(advertiser) + self._random.random() * _ADVERTISING_DELAY_US / 1e6
        self.advertisements += 1
        if self._random.random() >= self.parameters.loss:
            advertiser.advertise()
        self._advertise_later(advertiser, delay)
        self.listening_changed()

    def send_advertising_pdu(
        self, sender_controller: controller.Controller, packet: ll.AdvertisingPdu
    ) -> None:
        """Broadcasts; a connection request opens the wire."""
        loop = asyncio.get_running_loop()
        if not self.in_range:
            return
        others = [
            end for end in sorted(self.controllers, key=lambda one: one.name) if end is not sender_controller
        ]
        rivals = [
            end
            for end in others
            if isinstance(packet, ll.AdvInd)
            and (pending := end.pending_le_connection)
            and pending.peer_address == packet.advertiser_address
        ]
        if len(rivals) > 1:  # one advertisement makes one connection: chance decides whose
            winner = self._random.choice(rivals)
            others = [end for end in others if end is winner or end not in rivals]
        for end in others:
            loop.call_soon(end.on_ll_advertising_pdu, packet)
        if isinstance(packet, ll.ConnectInd):
            wanted = packet.advertiser_address
            peer = next((end for end in others if wanted in (end.random_address, end.public_address)), None)
            if peer is not None:
                self._wires = [wire for wire in self._wires if set(wire.ends) != {sender_controller, peer}]
                self._wires.append(_Wire((sender_controller, peer), loop.time()))

    # Connections

    def send_acl_data(
        self,
        sender_controller: controller.Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Queues an L2CAP PDU for the next connection events."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is None or receiver is None:
            return
        source = connection.self_address

        def arrive() -> None:
            if source in receiver.le_connections:
                receiver.on_link_acl_data(source, transport, data)

        self._send(
            sender_controller,
            receiver,
            _Parcel(max(1, -(-len(data) // self.parameters.octets)), arrive, data),
        )

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Queues a control PDU behind the data."""
        sender, receiver = self.find_le_controller(sender_address), self.find_le_controller(receiver_address)
        if sender is None or receiver is None:
            return

        def arrive() -> None:
            if sender_address in receiver.le_connections:
                receiver.on_ll_control_pdu(sender_address, packet)

        self._send(sender, receiver, _Parcel(1, arrive))

    def _send(self, sender: controller.Controller, receiver: controller.Controller, parcel: _Parcel) -> None:
        wire = next((wire for wire in self._wires if set(wire.ends) == {sender, receiver}), None)
        if wire is None or wire.silent:
            return
        wire.queues.setdefault(sender, deque()).append(parcel)
        self._schedule(wire)

    def _schedule(self, wire: _Wire) -> None:
        if wire.timer is not None or wire.silent:
            return
        loop = asyncio.get_running_loop()
        interval = self.parameters.interval_ms / 1000
        events = int((loop.time() - wire.anchor) / interval + 1e-6) + 1
        wire.timer = loop.call_at(wire.anchor + events * interval, self._event, wire)

    def _event(self, wire: _Wire) -> None:
        wire.timer = None
        for _ in range(self.parameters.packets):
            if not any(wire.queues.values()) or wire.silent:
                break
            if self.parameters.loss and self._random.random() < self.parameters.loss:
                continue
            for sender, queue in wire.queues.items():
                if queue and not wire.silent:
                    self._carry(wire, sender, queue)
        if any(wire.queues.values()):
            self._schedule(wire)

    def _carry(self, wire: _Wire, sender: controller.Controller, queue: deque[_Parcel]) -> None:
        self.packets += 1
        if self._drop_at and self.packets >= self._drop_at[0]:
            self._drop_at.pop(0)
            self._silence(wire)
            return
        parcel = queue[0]
        parcel.packets -= 1
        if parcel.packets > 0:
            return
        queue.popleft()
        parcel.arrive()
        for observer in self.arrived:
            observer(sender, parcel.pdu)
