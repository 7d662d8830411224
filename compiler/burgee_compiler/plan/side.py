"""One flag as it is before a change, or after it, in one environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from burgee.evaluation import TenantFlags
from burgee.snapshot.forms import FlagForm, RuleForm, SegmentForm
from burgee_compiler.emit import TenantForms
from burgee_compiler.emit.tenant import conditions_in, depends_on
from burgee_compiler.model.flag import Flag, Rule
from burgee_compiler.plan.atoms import AtomicFlag, atomic
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import flag_in, phases_of
from burgee_compiler.words.conditions import condition_text

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


class Side:
    """A flag's form and definition; what is costly is worked out when it is asked for."""

    def __init__(self, scene: Scene, key: str, flag: Flag) -> None:
        self.scene = scene
        self.key = key
        self.flag = flag
        self.digest, raw = scene.forms.entries[key]
        self.form = msgspec.json.decode(raw, type=FlagForm)
        entries = scene.forms.entries
        self.below: Mapping[str, str] = {
            name: entries[name][0] for name in sorted(depends_on(self.form)) if name in entries
        }

    @cached_property
    def atomic(self) -> AtomicFlag:
        """The flag with its conditions as atoms."""
        return atomic(self.form, self.below)

    @cached_property
    def atomic_on(self) -> AtomicFlag:
        """The same, as if its switch were on."""
        return atomic(self.form, self.below, always_on=True)

    @cached_property
    def known(self) -> dict[str, bool]:
        """Facts that are the same for everybody: of prerequisites with one answer for all."""
        found: dict[str, bool] = {}
        for name, atom in self.atomic.atoms.items():
            need = atom.requires
            flag = None if need is None else self.scene.flags.get(need.flag)
            if need is not None and flag is not None and flag.constant is not None:
                found[name] = flag.constant.variant in need.serves
        return found

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

    def condition_text(self, rule: str) -> str:
        """Return the conditions that a rule has at any time, in words."""
        whens = [each.when for each in self._rules.get(rule, ()) if each.when is not None]
        return " / ".join(dict.fromkeys(map(condition_text, whens)))

    @cached_property
    def _rules(self) -> dict[str, list[Rule]]:
        found: dict[str, list[Rule]] = {}
        for phase in phases_of(self.here):
            for rule in phase.flag.rules:
                found.setdefault(rule.name, []).append(rule)
        return found

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
