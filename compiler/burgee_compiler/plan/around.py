"""What changes for a flag though its own fields do not: segments, layers, tables, other flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from burgee.snapshot.forms import LayerForm
from burgee_compiler.model.change_kind import ChangeKind
from burgee_compiler.model.files import Segment
from burgee_compiler.plan.pair import Pair
from burgee_compiler.plan.side import Side
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import segment_in
from burgee_compiler.words.conditions import condition_text
from burgee_compiler.words.differences import Difference, differences

__all__ = ["around"]


def around(pair: Pair, now: int) -> Iterator[Difference]:
    """Yield what is different in what the flag uses."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return
    yield from _around(before, after, now)
    yield from _flags(before, after, now)


def _around(before: Side, after: Side, now: int) -> Iterator[Difference]:
    yield from _segments(before, after)
    yield from _layers(before, after, now)
    yield from _tables(before, after, now)


def _segments(before: Side, after: Side) -> Iterator[Difference]:
    for name in sorted(before.segments.keys() & after.segments.keys()):
        if before.segments[name] == after.segments[name]:
            continue
        environment = after.scene.forms.environment
        old, new = (_segment(side.scene.files, name, environment) for side in (before, after))
        if old is not None and new is not None:
            yield from _segment_change(name, before, after, old, new)


def _segment(files: TenantFiles, name: str, environment: str) -> Segment | None:
    file = files.segments.get(name)
    segment = None if file is None else file.segment
    return None if segment is None else segment_in(segment, environment)


def _segment_change(
    name: str, before: Side, after: Side, old: Segment, new: Segment
) -> Iterator[Difference]:
    prefix = f"segment {name}: "
    found = False
    if old.when != new.when:
        texts = (
            "nobody" if each.when is None else condition_text(each.when) for each in (old, new)
        )
        yield Difference("retarget", prefix + "when [{}] → [{}]".format(*texts))
        found = True
    if old.by != new.by:
        yield Difference("retarget", f"{prefix}by {old.by} → {new.by}")
        found = True
    for word, earlier, later in (
        ("member", _ids(before.scene.files, name, old), _ids(after.scene.files, name, new)),
        ("excluded id", set(old.excluded), set(new.excluded)),
    ):
        come, gone = len(later - earlier), len(earlier - later)
        if come or gone:
            plural = f"{word}s" if come + gone != 1 else word
            text = f"{prefix}{_signed(come, gone)} {plural}"
            yield Difference("members", text, come + gone)
            found = True
    if not found:
        yield Difference("retarget", f"{prefix}what it names changes")


def _signed(come: int, gone: int) -> str:
    return " ".join(f"{sign}{count:,}" for sign, count in (("+", come), ("-", gone)) if count)


def _ids(files: TenantFiles, name: str, segment: Segment) -> set[str]:
    ids = set(segment.members)
    if segment.members_file is not None:
        folder = files.segments[name].path.rpartition("/")[0]
        found = files.members.get(f"{folder}/{segment.members_file}")
        ids |= set(() if found is None or found.ids is None else found.ids)
    return ids


def _flags(before: Side, after: Side, now: int) -> Iterator[Difference]:
    """What changes in flags below it, however far: of the kinds that it is there."""
    old, new = before.reached, after.reached
    for key in sorted(old | new):
        sides = before.scene.side(key), after.scene.side(key)
        if sides[0] is None or sides[1] is None:
            if sides != (None, None) and key in old & new:
                word = "comes" if sides[0] is None else "goes"
                yield Difference("retarget", f"{key}, which it asks for, {word}")
            continue
        if sides[0].digest != sides[1].digest:
            pairs = sides[0], sides[1]
            own = differences(pairs[0].at(now), pairs[1].at(now))
            for each in (*own, *_around(*pairs, now)):
                yield structs.replace(each, text=f"{key}: {each.text}")


def _layers(before: Side, after: Side, now: int) -> Iterator[Difference]:
    old, new = before.form_rules(now), after.form_rules(now)
    for name in sorted(old.keys() & new.keys()):
        earlier, later = old[name].layer, new[name].layer
        if earlier is not None and later is not None and old[name].by != new[name].by:
            shown = f"{old[name].by} → {new[name].by}"
            yield Difference("retarget", f"rule {name}: layer {later.name} is by {shown}")
        if earlier is None or later is None or earlier == later:
            continue
        if earlier.ranges != later.ranges:
            sizes = _size(earlier), _size(later)
            kind: ChangeKind = "retarget"
            if sizes[0] != sizes[1]:
                kind = "ramp_up" if sizes[1] > sizes[0] else "ramp_down"
            shown = f"{sizes[0] / 1000:g} % → {sizes[1] / 1000:g} %"
            if sizes[0] == sizes[1]:
                shown = f"other ones, {sizes[0] / 1000:g} % as before"
            yield Difference(kind, f"rule {name}: slots of layer {later.name} {shown}")
        if earlier.holdout != later.holdout:
            sizes = _size_of(earlier.holdout), _size_of(later.holdout)
            shown = f"{sizes[0] / 1000:g} % → {sizes[1] / 1000:g} %"
            if sizes[0] == sizes[1]:
                shown = f"other slots, {shown.partition(' →')[0]} as before"
            yield Difference("retarget", f"rule {name}: holdout of layer {later.name} {shown}")


def _size(layer: LayerForm) -> int:
    return _size_of(layer.ranges)


def _size_of(ranges: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in ranges)


def _tables(before: Side, after: Side, now: int) -> Iterator[Difference]:
    """Tables that differ though their weights do not: a lock was written, changed or lost."""
    old, new = before.at(now), after.at(now)
    forms = before.form_rules(now), after.form_rules(now)
    for rule in new.rules:
        same = [each for each in old.rules if each.name == rule.name and each.serve == rule.serve]
        if same and rule.name in forms[0] and rule.name in forms[1]:
            splits = [each[rule.name].split for each in forms]
            if None not in splits and splits[0].ranges != splits[1].ranges:  # type: ignore[union-attr]
                yield Difference("retarget", f"rule {rule.name}: other slots for the same weights")
    if old.default.serve == new.default.serve:
        defaults = [side.phase(now).default for side in (before, after)]
        earlier, later = (each.split for each in defaults)
        if earlier is not None and later is not None and earlier.ranges != later.ranges:
            yield Difference("retarget", "default: other slots for the same weights")
