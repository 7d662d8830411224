"""Random valid repositories of one tenant, as the files that a person would write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct

from support.strategies.conditions import condition
from support.strategies.drawing import Chooser
from support.strategies.flags import FlagWriter
from support.strategies.outcomes import cuts
from support.strategies.universe import ENVIRONMENTS, EXCLUDED, MEMBERS
from support.yaml_text import Plain, yaml_text

__all__ = ["TENANT", "RandomRepository", "repositories"]

TENANT = "acme"
_KEYS = ("zero", "a.one", "b.two", "Three_3")
_SEGMENTS = ("core", "deep.er", "wide")
_LAYERS = ("checkout", "other")
_BY = ("targetingKey", "account.id", "user.id")


class RandomRepository(Struct, frozen=True):
    """Files by path, and the keys of the flags in them."""

    files: dict[str, str]
    keys: tuple[str, ...]


@st.composite
def repositories(draw: st.DrawFn) -> RandomRepository:
    """Draw a repository in which every check passes."""
    c = Chooser(draw)
    files = {"burgee.yaml": yaml_text({"environments": list(ENVIRONMENTS)})}
    segments: list[str] = []
    for name in _SEGMENTS[: c.count(0, len(_SEGMENTS))]:
        _segment(c, name, tuple(segments), files)
        segments.append(name)
    layers = _LAYERS[: c.count(0, len(_LAYERS))]
    claims: dict[str, list[str]] = {layer: [] for layer in layers}
    others: list[tuple[str, Sequence[str]]] = []
    for key in _KEYS[: c.count(1, len(_KEYS))]:
        writer = FlagWriter(c, segments, tuple(others), layers)
        path = f"{TENANT}/flags/{key.replace('.', '/')}"
        files[f"{path}.yaml"] = yaml_text(writer.flag)
        if writer.lock is not None:
            files[f"{path}.lock.yaml"] = yaml_text(writer.lock)
        for rule, layer in writer.claims.items():
            claims[layer].append(f"{key}/{rule}")
        others.append((key, writer.names))
    if layers:
        written = {layer: _layer(c, claims[layer]) for layer in layers}
        files[f"{TENANT}/layers.yaml"] = yaml_text(written)
    return RandomRepository(files, tuple(key for key, _ in others))


def _segment(c: Chooser, name: str, others: Sequence[str], files: dict[str, str]) -> None:
    path = f"{TENANT}/segments/{name.replace('.', '/')}"
    segment = _segment_fields(c, others)
    if "when" not in segment and "members" not in segment:
        segment["members_file"] = f"{path.rsplit('/', 1)[1]}.members.csv"
        lines = [*c.some(MEMBERS, 1, 4), *(f"m{number}" for number in range(c.pick((3, 70))))]
        files[f"{path}.members.csv"] = c.pick(("\n", "\r\n", "\n\n")).join(lines)
    if c.chance(3):
        segment["environments"] = {
            environment: _segment_fields(c, others) for environment in c.some(ENVIRONMENTS, 1, 2)
        }
    files[f"{path}.yaml"] = yaml_text(segment)


def _segment_fields(c: Chooser, others: Sequence[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    c.maybe(fields, "when", 2, lambda: condition(c, others, (), 1))
    c.maybe(fields, "members", 2, lambda: c.some(MEMBERS, 1, 4))
    c.maybe(fields, "excluded", 3, lambda: c.some(EXCLUDED, 1, 3))
    c.maybe(fields, "by", 4, lambda: c.pick(_BY))
    return fields


def _layer(c: Chooser, claims: Sequence[str]) -> dict[str, Any]:
    """Return a layer in which each claim has slots, some are held out and some are free."""
    owners = [*claims, "holdout", "free"]
    slots: dict[str, list[list[Plain]]] = {}
    pieces = cuts(c, c.count(1, 4) + 2 * len(claims))
    if len(pieces) < len(claims):  # cuts met, and each claim needs slots
        pieces = [(1000 * place, 1000 * place + 1000) for place in range(len(claims))]
    for place, (start, end) in enumerate(pieces):
        owner = claims[place] if place < len(claims) else c.pick(owners)
        slots.setdefault(owner, []).append([_percent(start), _percent(end)])
    slots.pop("free", None)
    layer: dict[str, Any] = {"holdout": slots.pop("holdout", []), "slots": slots}
    c.maybe(layer, "by", 2, lambda: c.pick(_BY))
    return layer


def _percent(slot: int) -> Plain:
    return Plain(f"{slot // 1000}.{slot % 1000:03}")
