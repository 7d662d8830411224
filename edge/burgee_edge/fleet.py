"""The metrics of several worker processes as one: whichever is asked, asks the others.

Each worker answers on a socket in a folder of their own; nothing is written to disk, and a worker
that is gone or late is left out.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, cast

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from burgee_http.metrics import Metrics

__all__ = ["Fleet", "Name"]

_PATIENCE: Final = 1.0
# Every worker follows the source: a snapshot that is taken or refused is counted by each.
_SHARED_OUT: Final = frozenset({"burgee_event_streams"})  # measured, and each has its own part
_SEEN_BY_ALL: Final = frozenset({"burgee_reloads", "burgee_refusals"})
# Times: of several workers the latest is what holds for the node.
_LATEST: Final = frozenset(
    {"burgee_flag_last_evaluated_timestamp_seconds", "burgee_evaluations_since_timestamp_seconds"}
)

Name = Literal["node", "figures"]
Labels = tuple[tuple[str, str], ...]


class Family(msgspec.Struct, frozen=True):
    """One metric as it goes from worker to worker."""

    name: str
    help: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


Dump = dict[str, list[Family]]


class Fleet:
    """The workers of one node, as seen by the one of this `index`."""

    def __init__(self, folder: Path, index: int, count: int) -> None:
        self._folder = folder
        self._index = index
        self._count = count
        self._metrics: dict[str, Metrics] = {}

    @property
    def leads(self) -> bool:
        """Whether this worker does what only one has to do."""
        return self._index == 0

    def add(self, name: Name, metrics: Metrics) -> None:
        """Say what this worker has to tell under a name."""
        self._metrics[name] = metrics

    @contextlib.asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Tell the other workers what they ask for."""
        path = self._path(self._index)
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._tell, path)
        async with server:
            yield

    def render(self, name: Name) -> bytes:
        """Return the metrics of all workers in Prometheus' text form; waits for them."""
        others = [dump[name] for dump in self._others() if name in dump]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Merged([_families(self._metrics[name]), *others]))
        return generate_latest(registry)

    async def _tell(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dump = {name: _families(metrics) for name, metrics in self._metrics.items()}
        writer.write(msgspec.msgpack.encode(dump))
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    def _others(self) -> Iterator[Dump]:
        for index in range(self._count):
            if index != self._index:
                with contextlib.suppress(OSError, msgspec.DecodeError):
                    yield msgspec.msgpack.decode(_ask(self._path(index)), type=Dump)

    def _path(self, index: int) -> Path:
        return self._folder / f"{index}.sock"


def _ask(path: Path) -> bytes:
    told = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(str(path))
        while data := connection.recv(65_536):
            told += data
    return told


def _families(metrics: Metrics) -> list[Family]:
    return [
        Family(
            metric.name,
            metric.documentation,
            metric.type,
            [(sample.name, dict(sample.labels), float(sample.value)) for sample in metric.samples],
        )
        for metric in metrics.collect()
    ]


class _Merged(Collector):
    """What is counted is added up; what is measured is this worker's, whose list comes first."""

    def __init__(self, lists: list[list[Family]]) -> None:
        self._lists = lists

    def collect(self) -> Iterable[Metric]:
        own, *others = self._lists
        by_name = [{family.name: family for family in each} for each in others]
        for family in own:
            merged = Metric(family.name, family.help, family.kind)
            same = [each[family.name] for each in by_name if family.name in each]
            own_alone = family.kind == "gauge" and family.name not in _SHARED_OUT | _LATEST
            values = _own(family) if own_alone else _sums(family, same)
            for (name, labels), value in values.items():
                merged.add_sample(name, dict(labels), value)
            yield merged


def _own(family: Family) -> Mapping[tuple[str, Labels], float]:
    return {(name, _key(labels)): value for name, labels, value in family.samples}


def _sums(family: Family, others: list[Family]) -> Mapping[tuple[str, Labels], float]:
    sums: dict[tuple[str, Labels], float] = {}
    for each in (family, *others):
        for name, labels, value in each.samples:
            key = name, _key(labels)
            before = sums.get(key, 0.0)
            sums[key] = (
                max(before, value) if family.name in _SEEN_BY_ALL | _LATEST else before + value
            )
    return sums


def _key(labels: Mapping[str, str]) -> Labels:
    return cast(Labels, tuple(sorted(labels.items())))
