"""One flag as it is before a change, or after it, in one environment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

import msgspec

from burgee.evaluation import TenantFlags
from burgee.snapshot.forms import FlagForm, RuleForm, SegmentForm
from burgee_compiler.emit import TenantForms
from burgee_compiler.emit.tenant import conditions_in, depends_on
from burgee_compiler.model.flag import Flag
from burgee_compiler.plan.atoms import AtomicFlag, atomic
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import flag_in, phases_of

__all__ = ["Scene", "Side"]


class Scene:
    """A tenant in one environment at one revision."""

    def __init__(self, files: TenantFiles, forms: TenantForms, flags: TenantFlags) -> None:
        self.files = files
        self.forms = forms
        self.flags = flags

    def side(self, key: str) -> Side | None:
        """Return one of its flags, None where it has no such one that builds."""
        file = self.files.flags.get(key)
        if file is None or file.flag is None or key not in self.forms.entries:
            return None
        return Side(self, key, file.flag)

    def form(self, key: str) -> FlagForm:
        """Return the form of a flag that builds."""
        return msgspec.json.decode(self.forms.entries[key][1], type=FlagForm)

    @cached_property
    def digests(self) -> dict[str, str]:
        """The closure digests of all flags that build."""
        return {key: digest for key, (digest, _) in self.forms.entries.items()}

    def segment_name(self, digest: str) -> str:
        """Return the name of a segment by its digest."""
        return msgspec.json.decode(self.forms.segments[digest], type=SegmentForm).name


class Side:
    """A flag's form and definition; what is costly is worked out when it is asked for."""

    def __init__(self, scene: Scene, key: str, flag: Flag) -> None:
        self.scene = scene
        self.key = key
        self.flag = flag
        self.digest = scene.forms.entries[key][0]
        self.form = scene.form(key)
        entries = scene.forms.entries
        self.below: Mapping[str, str] = {
            name: entries[name][0] for name in sorted(depends_on(self.form)) if name in entries
        }

    def atomic(self, inlined: Collection[str] = (), *, on: bool = False) -> AtomicFlag:
        """Return the flag with its conditions as atoms, `inlined` flags worked out with it."""
        forms = {key: self.scene.form(key) for key in inlined}
        return atomic(self.form, self.scene.digests, forms, always_on=on)

    @cached_property
    def here(self) -> Flag:
        """The definition in this environment, its schedules still to come."""
        return flag_in(self.flag, self.scene.forms.environment)

    def at(self, now: int) -> Flag:
        """Return the effective definition at an instant, without schedules."""
        return [each.flag for each in phases_of(self.here) if each.at is None or each.at <= now][-1]

    def form_rules(self, now: int) -> dict[str, RuleForm]:
        """Return the rules of the form that is in force at an instant, by name."""
        phases = [each for each in self.form.phases if each.at is None or each.at <= now]
        return {rule.name: rule for rule in phases[-1].rules}

    @cached_property
    def segments(self) -> dict[str, str]:
        """The digests of the segments that the flag reaches, by name."""
        found: dict[str, str] = {}
        stack = list(_segments_in(self.form))
        while stack:
            digest = stack.pop()
            raw = self.scene.forms.segments.get(digest)
            if raw is None or digest in found.values():
                continue
            segment = msgspec.json.decode(raw, type=SegmentForm)
            found[segment.name] = digest
            if segment.when is not None:
                below = (each.segment for each in conditions_in(segment.when))
                stack += [each for each in below if each is not None]
        return found


def _segments_in(form: FlagForm) -> Iterator[str]:
    for phase in form.phases:
        for rule in phase.rules:
            for condition in () if rule.when is None else conditions_in(rule.when):
                if condition.segment is not None:
                    yield condition.segment
