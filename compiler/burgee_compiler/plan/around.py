"""What changes for a flag though its own fields do not: segments, layers, tables, other flags."""

from __future__ import annotations

from collections.abc import Iterator

from burgee.snapshot.forms import LayerForm
from burgee_compiler.model.files import Segment
from burgee_compiler.plan.side import Side
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import segment_in
from burgee_compiler.words.conditions import condition_text
from burgee_compiler.words.differences import ChangeKind, Difference

__all__ = ["around"]


def around(before: Side, after: Side, now: int) -> Iterator[Difference]:
    """Yield what is different in what the flag uses."""
    yield from _segments(before, after)
    yield from _flags(before, after)
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
            yield Difference("members", f"{prefix}+{come:,} -{gone:,} {plural}")
            found = True
    if not found:
        yield Difference("retarget", f"{prefix}what it names changes")


def _ids(files: TenantFiles, name: str, segment: Segment) -> set[str]:
    ids = set(segment.members)
    if segment.members_file is not None:
        folder = files.segments[name].path.rpartition("/")[0]
        found = files.members.get(f"{folder}/{segment.members_file}")
        ids |= set(() if found is None or found.ids is None else found.ids)
    return ids


def _flags(before: Side, after: Side) -> Iterator[Difference]:
    for key in sorted(before.below.keys() & after.below.keys()):
        if before.below[key] != after.below[key]:
            yield Difference("retarget", f"{key}, which it asks for, changes")


def _layers(before: Side, after: Side, now: int) -> Iterator[Difference]:
    old, new = before.form_rules(now), after.form_rules(now)
    for name in old.keys() & new.keys():
        earlier, later = old[name].layer, new[name].layer
        if earlier is None or later is None or earlier == later:
            continue
        if earlier.ranges != later.ranges:
            sizes = _size(earlier), _size(later)
            kind: ChangeKind = "retarget"
            if sizes[0] != sizes[1]:
                kind = "ramp_up" if sizes[1] > sizes[0] else "ramp_down"
            shown = f"{sizes[0] / 1000:g} % → {sizes[1] / 1000:g} %"
            yield Difference(kind, f"rule {name}: slots of layer {later.name} {shown}")
        if earlier.holdout != later.holdout:
            yield Difference("retarget", f"rule {name}: holdout of layer {later.name} changes")


def _size(layer: LayerForm) -> int:
    return sum(end - start for start, end in layer.ranges)


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
        defaults = [
            [each for each in side.form.phases if each.at is None or each.at <= now][-1].default
            for side in (before, after)
        ]
        earlier, later = (each.split for each in defaults)
        if earlier is not None and later is not None and earlier.ranges != later.ranges:
            yield Difference("retarget", "default: other slots for the same weights")
