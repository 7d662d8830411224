"""Who is called next: the oldest that is due, one call at a time for each address."""

from __future__ import annotations

import heapq
from typing import Final

from burgee_writer.webhooks.ledger import Delivery, Ledger

__all__ = ["Line"]

_LONGEST_REST: Final = 60.0


class Line:
    """Deliveries that wait, by address. An address that fails rests, lest it be called for each."""

    def __init__(self, ledger: Ledger, *, first_rest: float, for_one_tenant: int) -> None:
        self._first_rest = first_rest
        self._for_one_tenant = for_one_tenant
        self._waiting: dict[tuple[str, str], list[tuple[float, int, str]]] = {}
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}
        self._busy: set[tuple[str, str]] = set()
        for each in ledger.waiting():
            self.add(each)

    def add(self, delivery: Delivery) -> None:
        """Have a delivery wait until its time has come."""
        entry = (delivery.next_at, delivery.number, delivery.id)
        heapq.heappush(self._waiting.setdefault(_address(delivery), []), entry)

    def take(self, now: float, ledger: Ledger) -> Delivery | None:
        """Return a delivery that is due, whose address is busy from now on."""
        ready = [
            (heap[0], address)
            for address in list(self._waiting)
            if (heap := self._tidy(address, ledger)) and self._free(address, heap[0][0], now)
        ]
        if not ready:
            return None
        _, address = min(ready)
        _, _, name = heapq.heappop(self._waiting[address])
        self._busy.add(address)
        return ledger.deliveries[name]

    def done(self, delivery: Delivery, now: float, *, failed: bool) -> None:
        """Say that a call is over; an address that failed rests."""
        address = _address(delivery)
        self._busy.discard(address)
        if not failed:
            self._failures.pop(address, None)
            return
        count = self._failures.get(address, (0, 0.0))[0] + 1
        rest = min(self._first_rest * 2.0 ** min(count - 1, 30), _LONGEST_REST)
        self._failures[address] = (count, now + rest)

    def next_at(self) -> float | None:
        """Return when something is due next; what is busy does not count."""
        times = [
            max(heap[0][0], self._failures.get(address, (0, 0.0))[1])
            for address, heap in self._waiting.items()
            if heap and address not in self._busy
        ]
        return min(times, default=None)

    def _tidy(self, address: tuple[str, str], ledger: Ledger) -> list[tuple[float, int, str]]:
        """Drop what is at the head of an address and not as it was when it was put there."""
        heap = self._waiting[address]
        while heap:
            at, _, name = heap[0]
            known = ledger.deliveries.get(name)
            if known is not None and known.state == "pending" and known.next_at == at:
                return heap
            heapq.heappop(heap)
        del self._waiting[address]
        return heap

    def _free(self, address: tuple[str, str], due: float, now: float) -> bool:
        if address in self._busy or due > now or self._failures.get(address, (0, 0.0))[1] > now:
            return False
        return sum(busy[0] == address[0] for busy in self._busy) < self._for_one_tenant


def _address(delivery: Delivery) -> tuple[str, str]:
    return delivery.tenant, delivery.url
