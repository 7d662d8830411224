"""Metrics are plain numbers until asked for, and then text that Prometheus' own parser reads."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from burgee_http.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_each_kind() -> None:
    metrics = Metrics(process=False)
    reloads = metrics.counter("reloads_total", "Reloads.", ("outcome",))
    reloads.add("good")
    cell = reloads.cell("bad")
    cell.value += 2
    metrics.counter("plain_total", "Shown before it counts.")
    metrics.gauge("age_seconds", "Age.").set(1.5)
    metrics.computed("flags", "Flags.", lambda: 7)
    metrics.computed("held", "Held.", lambda: {("a",): 1, ("b",): 2}, ("kind",))
    metrics.computed("hits_total", "Hits.", lambda: 3, kind="counter")
    seconds = metrics.histogram("seconds", "Time.", ("path",), bounds=(0.1, 1))
    for value in (0.1, 0.5, 5):
        seconds.series('a"\\\n').observe(value)
    label = 'a"\\\n'
    assert samples(metrics) == {
        ("reloads_total", ("good",)): 1,
        ("reloads_total", ("bad",)): 2,
        ("plain_total", ()): 0,
        ("age_seconds", ()): 1.5,
        ("flags", ()): 7,
        ("held", ("a",)): 1,
        ("held", ("b",)): 2,
        ("hits_total", ()): 3,
        ("seconds_bucket", ("0.1", label)): 1,
        ("seconds_bucket", ("1", label)): 2,
        ("seconds_bucket", ("+Inf", label)): 3,
        ("seconds_count", (label,)): 3,
        ("seconds_sum", (label,)): pytest.approx(5.6),
    }


def test_a_name_is_there_once_and_labels_fit() -> None:
    metrics = Metrics(process=False)
    counter = metrics.counter("a_total", "A.", ("x",))
    with pytest.raises(ValueError, match="a_total"):
        metrics.gauge("a_total", "Again.")
    with pytest.raises(ValueError, match="labels"):
        counter.add("1", "2")
    with pytest.raises(ValueError, match="labels"):
        metrics.histogram("h", "H.").series("x")


def test_the_process_is_measured_too() -> None:
    assert b"process_resident_memory_bytes" in Metrics().render()
