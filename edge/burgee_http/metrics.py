"""Metrics as plain numbers held in process, put into Prometheus' text form when asked for."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Literal, TypeVar

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

__all__ = [
    "Cell",
    "Counter",
    "Gauge",
    "Histogram",
    "HttpMetrics",
    "Metrics",
    "RouteCounts",
    "Series",
]

Labels = tuple[str, ...]
Reading = float | Mapping[Labels, float]

# Labels must stay few whatever clients send.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

LATENCY_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)


class Cell:
    """One number. Whoever counts often keeps the cell and writes `cell.value += 1`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0


class _Cells:
    def __init__(self, name: str, help: str, labels: Sequence[str]) -> None:
        self.name = name
        self.help = help
        self.labels = tuple(labels)
        self._cells: dict[Labels, Cell] = {}
        if not labels:
            self._cells[()] = Cell()

    def cell(self, *labels: str) -> Cell:
        found = self._cells.get(labels)
        if found is None:
            if len(labels) != len(self.labels):
                raise ValueError(f"{self.name} has the labels {self.labels}")
            found = self._cells[labels] = Cell()
        return found

    def items(self) -> list[tuple[Labels, Cell]]:
        return list(self._cells.items())


class Counter(_Cells):
    def add(self, *labels: str, amount: float = 1) -> None:
        self.cell(*labels).value += amount


class Gauge(_Cells):
    def set(self, value: float, *labels: str) -> None:
        self.cell(*labels).value = value


class _Computed:
    def __init__(
        self,
        name: str,
        help: str,
        labels: Sequence[str],
        kind: Literal["gauge", "counter"],
        read: Callable[[], Reading],
    ) -> None:
        self.name, self.help, self.labels = name, help, tuple(labels)
        self.kind, self.read = kind, read


class Series:
    """The observations of one set of labels: a count for each bound and one above, and the sum."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return the count of observations up to each bound, with the bound in words."""
        bounds = (*map(str, self._bounds), "+Inf")
        return list(zip(bounds, accumulate(self._counts), strict=True))


class Histogram:
    def __init__(
        self, name: str, help: str, labels: Sequence[str], bounds: Sequence[float] = LATENCY_BOUNDS
    ) -> None:
        self.name, self.help, self.labels = name, help, tuple(labels)
        self.bounds = tuple(bounds)
        self._series: dict[Labels, Series] = {}

    def series(self, *labels: str) -> Series:
        """Return the series of some labels; kept by whoever observes often."""
        found = self._series.get(labels)
        if found is None:
            if len(labels) != len(self.labels):
                raise ValueError(f"{self.name} has the labels {self.labels}")
            found = self._series[labels] = Series(self.bounds)
        return found

    def items(self) -> list[tuple[Labels, Series]]:
        return list(self._series.items())


M = TypeVar("M", Counter, Gauge, Histogram, _Computed)


class Metrics(Collector):
    """All metrics of a server. Other modules add theirs by name; a name can be added once."""

    content_type = b"text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, *, process: bool = True) -> None:
        self._all: dict[str, Counter | Gauge | Histogram | _Computed] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        if process:
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)

    def counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Counter:
        return self._add(Counter(name, help, labels))

    def gauge(self, name: str, help: str, labels: Sequence[str] = ()) -> Gauge:
        return self._add(Gauge(name, help, labels))

    def histogram(
        self,
        name: str,
        help: str,
        labels: Sequence[str] = (),
        bounds: Sequence[float] = LATENCY_BOUNDS,
    ) -> Histogram:
        return self._add(Histogram(name, help, labels, bounds))

    def computed(
        self,
        name: str,
        help: str,
        read: Callable[[], Reading],
        labels: Sequence[str] = (),
        kind: Literal["gauge", "counter"] = "gauge",
    ) -> None:
        """A metric that is read only when metrics are asked for."""
        self._add(_Computed(name, help, labels, kind, read))

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        for metric in list(self._all.values()):
            yield _family(metric)

    def _add(self, metric: M) -> M:
        if metric.name in self._all:
            raise ValueError(f"the metric {metric.name} is there already")
        self._all[metric.name] = metric
        return metric


class HttpMetrics:
    """What every HTTP server counts: requests by route, method and status, and latency."""

    def __init__(self, metrics: Metrics) -> None:
        self.requests = metrics.counter(
            "http_requests_total", "Requests answered.", ("path", "method", "status")
        )
        self.latency = metrics.histogram(
            "http_request_duration_seconds", "From the whole request to the answer.", ("path",)
        )

        self._routes: dict[Labels, RouteCounts] = {}

    def of(self, path: str, method: str) -> "RouteCounts":
        """What is counted of one route; `path` is its template."""
        label = method if method in _METHODS else "OTHER"
        found = self._routes.get((path, label))
        if found is None:
            found = self._routes[path, label] = RouteCounts(self, path, label)
        return found

    def record(self, path: str, method: str, status: int, seconds: float) -> None:
        self.of(path, method).record(status, seconds)


class RouteCounts:
    """The requests of one route and method."""

    __slots__ = ("_latency", "_requests", "_statuses")

    def __init__(self, metrics: HttpMetrics, path: str, method: str) -> None:
        self._requests = partial(metrics.requests.cell, path, method)
        self._statuses: dict[int, Cell] = {}
        self._latency = metrics.latency.series(path)

    def record(self, status: int, seconds: float) -> None:
        cell = self._statuses.get(status)
        if cell is None:
            cell = self._statuses[status] = self._requests(str(status))
        cell.value += 1
        self._latency.observe(seconds)


def _family(metric: Counter | Gauge | Histogram | _Computed) -> Metric:
    if isinstance(metric, Histogram):
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, series in metric.items():
            histogram.add_metric(labels, series.buckets(), series.total)
        return histogram
    counts = isinstance(metric, Counter) or (
        isinstance(metric, _Computed) and metric.kind == "counter"
    )
    kind = CounterMetricFamily if counts else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in _readings(metric):
        family.add_metric(labels, value)
    return family


def _readings(metric: Counter | Gauge | _Computed) -> list[tuple[Labels, float]]:
    if not isinstance(metric, _Computed):
        return [(labels, cell.value) for labels, cell in metric.items()]
    reading = metric.read()
    return list(reading.items()) if isinstance(reading, Mapping) else [((), float(reading))]
