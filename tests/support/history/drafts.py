"""Flags and segments as a person has them in mind, and the files they write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from support.yaml_text import yaml_text

__all__ = ["SPLIT", "FlagDraft", "RuleDraft", "SegmentDraft"]

Serve: TypeAlias = str | dict[str, int]
"""A variant, or variants by weight."""

SPLIT = ("control", "blue", "green")


class RuleDraft(Struct, frozen=True):
    """A rule; `experiment` is its status."""

    name: str
    when: Mapping[str, object] | None
    serve: Serve
    percentage: float | None = None
    experiment: str | None = None


class FlagDraft(Struct, frozen=True):
    """A flag, boolean or of the variants of SPLIT."""

    tenant: str
    key: str
    description: str
    owner: str
    comments: tuple[str, ...] = ()
    is_split: bool = False
    state: str = "on"
    seed: str | None = None
    requires: tuple[str, ...] = ()
    rules: tuple[RuleDraft, ...] = ()
    default: Serve = "off"
    percentage: float | None = None
    steps: tuple[tuple[str, float], ...] = ()
    """Percentages of the default to come, by when."""

    @property
    def path(self) -> str:
        return f"{self.tenant}/flags/{self.key.replace('.', '/')}.yaml"

    @property
    def segments(self) -> set[str]:
        """The segments that its rules name."""
        conditions = (rule.when or {} for rule in self.rules)
        return {str(each["segment"]) for each in conditions if "segment" in each}

    @property
    def text(self) -> str:
        """The file, comments and all."""
        fields: dict[str, object] = {"description": self.description, "owner": self.owner}
        if self.is_split:
            fields["variants"] = list(SPLIT)
            fields["off_variant"] = SPLIT[0]
        if self.state == "off":
            fields["state"] = "off"
        if self.seed is not None:
            fields["seed"] = self.seed
        if self.requires:
            fields["requires"] = [{"flag": key, "serves": ["on"]} for key in self.requires]
        if self.rules:
            fields["rules"] = [_rule(each) for each in self.rules]
        fields["default"] = self._default(self.percentage)
        if self.steps:
            fields["schedule"] = [
                {"at": at, "set": {"default": self._default(share)}} for at, share in self.steps
            ]
        return "".join(f"# {each}\n" for each in self.comments) + _lines(fields)

    def _default(self, share: float | None) -> object:
        serve = {"split": self.default} if isinstance(self.default, dict) else self.default
        return serve if share is None else {"serve": serve, "percentage": share}


class SegmentDraft(Struct, frozen=True):
    """A group of users: members, and those whose address ends so."""

    tenant: str
    name: str
    members: tuple[str, ...]
    ending: str

    @property
    def path(self) -> str:
        return f"{self.tenant}/segments/{self.name}.yaml"

    @property
    def text(self) -> str:
        when = {"attribute": "email", "endswith": self.ending}
        return _lines({"members": list(self.members), "when": when})


def _rule(rule: RuleDraft) -> dict[str, object]:
    fields: dict[str, object] = {"name": rule.name}
    if rule.when is not None:
        fields["when"] = dict(rule.when)
    if rule.percentage is not None:
        fields["percentage"] = rule.percentage
    fields["serve"] = {"split": rule.serve} if isinstance(rule.serve, dict) else rule.serve
    if rule.experiment is not None:
        experiment = {"status": rule.experiment, "control": SPLIT[0]}
        if rule.experiment == "concluded":
            experiment["winner"] = SPLIT[1]
        fields["experiment"] = experiment
    return fields


def _lines(fields: dict[str, object]) -> str:
    """Write a line for each field and rule, so that a change of one is a change of its line."""
    lines: list[str] = []
    for name, value in fields.items():
        if name in ("rules", "schedule") and isinstance(value, list):
            lines += (f"{name}:", *(f"  - {yaml_text(each)}" for each in value))
        else:
            lines.append(f"{name}: {yaml_text(value)}")
    return "\n".join(lines) + "\n"
