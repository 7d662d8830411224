"""Keeping flags that do not build at their last good form, so that no other flag waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

from burgee.load import Read, Refused, TenantDocuments, read_environment, read_tenant
from burgee.paths import canonical_path
from burgee.snapshot.forms import ConditionForm, FlagForm, SegmentForm
from burgee_compiler.broken import (
    broken_flags,
    broken_segments,
    layers_of,
    users_of_flags,
    users_of_segments,
)
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.emit import TenantForms, emit_tenant
from burgee_compiler.emit.tenant import conditions_in, depends_on, entries_of
from burgee_compiler.flag_tests import TestOutcome, run_tests
from burgee_compiler.repository import TenantFiles

__all__ = [
    "LastFlag",
    "LastGood",
    "LastTenant",
    "hold_tenant",
    "read_last_good",
    "sound_forms",
]


class LastFlag(Struct, frozen=True):
    """A flag as it was last published, with the digests of all segments that it reaches."""

    raw: bytes
    form: FlagForm
    segments: tuple[str, ...]


class LastTenant(Struct, frozen=True):
    """What was last published of a tenant; `members` are the documents of each segment."""

    flags: dict[str, LastFlag]
    segments: dict[str, bytes]
    members: dict[str, dict[str, bytes]]
    attributes: dict[str, str]
    held: dict[str, str]


class LastGood(Struct, frozen=True):
    """What was last published of an environment."""

    commit: str
    tenants: dict[str, LastTenant]


def read_last_good(read: Read, environment: str) -> LastGood | None:
    """Return what `read` leads to, None where there is nothing; Refused where it is damaged."""
    try:
        read("manifest.json")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        pass  # there is something, and reading it once more says what is wrong with it
    _, manifest = read_environment(read, environment)
    tenants = {
        name: _last_tenant(read_tenant(read, environment, name, whole))
        for name, whole in manifest.tenants.items()
    }
    return LastGood(manifest.commit or manifest.version, tenants)


def _last_tenant(found: TenantDocuments) -> LastTenant:
    try:
        shapes = {
            name: msgspec.json.decode(raw, type=SegmentForm) for name, raw in found.segments.items()
        }
        flags: dict[str, LastFlag] = {}
        for key, (_, raw) in found.flags.items():
            form = msgspec.json.decode(raw, type=FlagForm)
            flags[key] = LastFlag(bytes(raw), form, tuple(_all_segments(form, shapes)))
        members = {
            name: {each: bytes(found.members[each]) for each in _documents(shape)}
            for name, shape in shapes.items()
        }
    except (msgspec.DecodeError, KeyError) as error:
        tenant = found.manifest.tenant
        raise Refused("malformed", f"the documents of {tenant} do not fit: {error}") from error
    segments = {name: bytes(raw) for name, raw in found.segments.items()}
    return LastTenant(flags, segments, members, found.manifest.attributes, found.manifest.held)


def _documents(shape: SegmentForm) -> list[str]:
    return [each for each in (shape.members_document, shape.excluded_document) if each is not None]


def _all_segments(form: FlagForm, shapes: Mapping[str, SegmentForm]) -> Iterator[str]:
    """Yield the digests of all segments that a form names, also through other segments."""
    stack: list[ConditionForm] = [
        rule.when for phase in form.phases for rule in phase.rules if rule.when is not None
    ]
    seen: set[str] = set()
    while stack:
        for condition in conditions_in(stack.pop()):
            name = condition.segment
            if name is not None and name not in seen:
                seen.add(name)
                yield name
                when = shapes[name].when
                if when is not None:
                    stack.append(when)


def sound_forms(files: TenantFiles, environment: str, found: Iterable[Diagnostic]) -> TenantForms:
    """Return the forms of all flags that build, whatever their tests say."""
    found = list(found)
    out = broken_flags(files, environment, found, broken_segments(files, found))
    return emit_tenant(files, environment, _grown(files, environment, out, None))


def hold_tenant(
    files: TenantFiles,
    environment: str,
    found: Iterable[Diagnostic],
    before: Callable[[], LastGood | None],
    tests: list[TestOutcome],
) -> TenantForms:
    """Return a tenant's forms with all that does not build kept as it was last published.

    A flag whose own tests fail is held as well; a new flag that does not build is left out. What
    the tests said is added to `tests`. `before` reads what was last published, if it is needed.
    """
    found = list(found)
    segments = broken_segments(files, found)
    out = broken_flags(files, environment, found, segments)
    whole = files.is_whole and files.has_layers and files.has_attributes
    while True:
        last_good = None if whole and not out else before()
        last = None if last_good is None else last_good.tenants.get(files.name)
        if last is not None and not files.is_whole:
            out |= last.flags.keys() - files.flags.keys()
        out = _grown(files, environment, out, last)
        forms = emit_tenant(files, environment, out)
        if last_good is not None and last is not None:
            forms = _join(files, forms, out, last, last_good.commit)
        without = {*out, *(f"@{name}" for name in segments)}
        outcomes = list(run_tests(files, forms, without=without))
        failing = [each for each in outcomes if each.found is not None]
        names = {each.subject.split("/", 1)[1] for each in failing}
        more = {name for name in names if not name.startswith("@")}
        more |= users_of_segments(files, {name[1:] for name in names if name.startswith("@")})
        if more <= out:
            tests += outcomes
            return forms
        # Those of segments run again; those of flags that are held from here on do not.
        tests += [each for each in failing if "/@" not in each.subject]
        out |= more


def _grown(
    files: TenantFiles, environment: str, out: set[str], last: LastTenant | None
) -> set[str]:
    """Add all that cannot go on without the flags in `out`, or with their last forms."""
    while True:
        more = users_of_flags(files, out)
        if last is not None:
            more |= _sharing_layers(files, environment, more, last)
            more |= _deleted_needs(files, more, last)
        if more <= out:
            return out
        out = out | more


def _sharing_layers(
    files: TenantFiles, environment: str, out: set[str], last: LastTenant
) -> set[str]:
    """Return all flags of a layer in which a held flag's slots are no longer what it holds."""
    changed: set[str] = set()
    for key in out & last.flags.keys():
        for phase in last.flags[key].form.phases:
            for rule in phase.rules:
                if rule.layer is None:
                    continue
                layer = files.layers.get(rule.layer.name)
                now = () if layer is None else layer.slots.get(f"{key}/{rule.name}", ())
                by = None if layer is None else canonical_path(layer.by)
                if (tuple(sorted(now)), by) != (rule.layer.ranges, rule.by):
                    changed.add(rule.layer.name)
    if not changed:
        return set()
    return {
        key for key, file in files.flags.items() if layers_of(files, file, environment) & changed
    }


def _deleted_needs(files: TenantFiles, out: set[str], last: LastTenant) -> set[str]:
    """Return flags that are gone, and without which a held form would answer otherwise."""
    return {
        need
        for key in out & last.flags.keys()
        for need in depends_on(last.flags[key].form)
        if need not in files.flags and need in last.flags
    }


def _join(
    files: TenantFiles, forms: TenantForms, out: set[str], last: LastTenant, commit: str
) -> TenantForms:
    """Return the forms that build together with those that are held, digests taken anew."""
    raw: dict[str, tuple[bytes, frozenset[str]]] = {
        key: (bytes(data), forms.needs.get(key, frozenset()))
        for key, (_, data) in forms.entries.items()
    }
    held = sorted(out & last.flags.keys())
    segments = dict(forms.segments)
    members = dict(forms.members)
    for key in held:
        flag = last.flags[key]
        raw[key] = flag.raw, depends_on(flag.form)
        for name in flag.segments:
            segments[name] = last.segments[name]
            members.update(last.members[name])
    return TenantForms(
        forms.tenant,
        forms.environment,
        entries_of(forms.tenant, raw),
        dict(sorted(segments.items())),
        members,
        forms.attributes if files.has_attributes else last.attributes,
        {key: last.held.get(key, commit) for key in held},
    )
