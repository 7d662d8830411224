"""What is different about the parts that flags share, in words: segments, lists of ids, layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from msgspec import Struct

from burgee_compiler.model.files import Layer, Segment
from burgee_compiler.words.conditions import condition_text

__all__ = ["Changed", "Ranges", "by_environment", "ids_text", "layer_words", "segment_words"]

Ranges: TypeAlias = tuple[tuple[int, int], ...]


class Changed(Struct, frozen=True):
    """One thing that is another one; `environments` is empty where that is so in all of them."""

    kind: str
    text: str
    environments: tuple[str, ...] = ()


def by_environment(
    environments: Sequence[str], of: Callable[[str], Iterator[Changed]]
) -> Iterator[Changed]:
    """Put together what is the same in several environments, in the order it is first said."""
    where: dict[Changed, list[str]] = {}
    for name in environments:
        for each in of(name):
            where.setdefault(each, []).append(name)
    for each, names in where.items():
        all_of_them = len(names) == len(environments)
        yield Changed(each.kind, each.text, () if all_of_them else tuple(names))


def segment_words(before: Segment, after: Segment) -> Iterator[tuple[str, str]]:
    """Say how a segment differs in one environment: kinds and words."""
    if before.when != after.when:
        old, new = (
            "none" if each.when is None else f"[{condition_text(each.when)}]"
            for each in (before, after)
        )
        yield "retarget", f"when {old} → {new}"
    if before.by != after.by:
        yield "retarget", f"by {before.by} → {after.by}"
    if before.members_file != after.members_file:
        yield "members", f"members_file {before.members_file} → {after.members_file}"
    for field in ("members", "excluded"):
        text = ids_text(set(getattr(before, field)), set(getattr(after, field)))
        if text:
            yield "members", f"{field} {text}"


def ids_text(before: AbstractSet[str], after: AbstractSet[str]) -> str:
    """Say how many ids come and go; empty where none does."""
    come, gone = len(after - before), len(before - after)
    return " ".join(f"{sign}{count:,}" for sign, count in (("+", come), ("-", gone)) if count)


def layer_words(
    name: str, before: Layer, after: Layer, slots: tuple[Mapping[str, Ranges], Mapping[str, Ranges]]
) -> Iterator[Changed]:
    """Say how a layer differs; `slots` are those, before and after, of which to speak."""
    if before.by != after.by:
        yield Changed("retarget", f"layer {name}: by {before.by} → {after.by}")
    if before.holdout != after.holdout:
        text = f"{_share(before.holdout)} → {_share(after.holdout)}"
        yield Changed("retarget", f"layer {name}: holdout {text}")
    old, new = slots
    for rule in sorted(old.keys() | new.keys()):
        was, now = old.get(rule, ()), new.get(rule, ())
        if was != now:
            kind = "ramp_up" if _size(now) >= _size(was) else "ramp_down"
            text = f"slots of {rule} {_share(was)} → {_share(now)}"
            yield Changed(kind, f"layer {name}: {text}")


def _size(ranges: Ranges) -> int:
    return sum(end - start for start, end in ranges)


def _share(ranges: Ranges) -> str:
    spans = ", ".join(f"{start / 1000:g}–{end / 1000:g}" for start, end in sorted(ranges))
    return f"{_size(ranges) / 1000:g} %" + (f" ({spans})" if spans else "")
