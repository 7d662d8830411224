"""The forms that the compiler makes of flags written as YAML."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from burgee.snapshot.forms import FlagForm, OutcomeForm, PhaseForm, SegmentForm
from burgee_compiler.emit import TenantForms, emit_tenant
from burgee_compiler.repository import Repository
from support.memory_tree import repository_of

__all__ = ["flag_form", "forms_of", "ranges_of", "repository_with", "segment_form"]

ENVIRONMENTS = "environments: [staging, production]\n"


def repository_with(files: Mapping[str, str | bytes]) -> Repository:
    """Return a repository without errors; paths are below the tenant acme."""
    below = {f"acme/{path}": text for path, text in files.items()}
    return repository_of({"burgee.yaml": ENVIRONMENTS, **below})


def forms_of(files: Mapping[str, str | bytes], environment: str = "production") -> TenantForms:
    """Return the forms of the tenant acme."""
    return emit_tenant(repository_with(files).tenants["acme"], environment)


def flag_form(text: str, environment: str = "production", **more: str) -> FlagForm:
    """Return the form of the flag `f`; `lock` and `layers` are texts of the files beside it."""
    files: dict[str, str | bytes] = {"flags/f.yaml": text}
    if "lock" in more:
        files["flags/f.lock.yaml"] = more["lock"]
    if "layers" in more:
        files["layers.yaml"] = more["layers"]
    _, raw = forms_of(files, environment).entries["f"]
    return msgspec.json.decode(raw, type=FlagForm)


def segment_form(forms: TenantForms, name: str) -> SegmentForm:
    """Return a segment's form by its name."""
    shapes = [msgspec.json.decode(each, type=SegmentForm) for each in forms.segments.values()]
    (found,) = (shape for shape in shapes if shape.name == name)
    return found


def ranges_of(form: FlagForm, phase: PhaseForm, table: str) -> dict[str, list[tuple[int, int]]]:
    """Return a split's ranges by variant; one variant served to all has all slots."""
    rules = {rule.name: rule for rule in phase.rules}
    outcome: OutcomeForm = phase.default if table == "default" else rules[table]
    if outcome.split is None:
        assert outcome.serve is not None
        return {form.variants[outcome.serve][0]: [(0, 100_000)]}
    found: dict[str, list[tuple[int, int]]] = {}
    for start, end, arm in outcome.split.ranges:
        found.setdefault(form.variants[arm][0], []).append((start, end))
    return found
