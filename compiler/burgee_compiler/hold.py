"""Keeping flags that do not build at their last good form, so that no other flag waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from burgee.load import Read, Refused, document_path
from burgee.snapshot.canonical import digest
from burgee.snapshot.forms import (
    ConditionForm,
    EnvironmentManifest,
    FlagForm,
    FlagsDocument,
    SegmentForm,
    SegmentsDocument,
    TenantManifest,
)
from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.emit import TenantForms, emit_tenant
from burgee_compiler.emit.tenant import conditions_in, depends_on, entries_of
from burgee_compiler.flag_tests import TestOutcome, run_tests
from burgee_compiler.model.condition import Condition
from burgee_compiler.model.flag import Flag, Require
from burgee_compiler.repository import TenantFiles
from burgee_compiler.resolve import flag_in, phases_of

__all__ = ["LastGood", "LastTenant", "hold_tenant", "read_last_good"]


class LastTenant(Struct, frozen=True):
    """What was last published of a tenant: raw forms, what they refer to, where they come from."""

    forms: dict[str, bytes]
    segments: dict[str, bytes]
    members: dict[str, bytes]
    attributes: dict[str, str]
    held: dict[str, str]


class LastGood(Struct, frozen=True):
    """What was last published of an environment."""

    commit: str
    tenants: dict[str, LastTenant]


def read_last_good(read: Read, environment: str) -> LastGood | None:
    """Return what `read` leads to, None where there is nothing; Refused where it is damaged."""
    try:
        data = read("manifest.json")
    except OSError:
        return None
    try:
        manifest = msgspec.json.decode(data, type=EnvironmentManifest)
        tenants = {
            name: _read_tenant(read, name, whole) for name, whole in manifest.tenants.items()
        }
    except (msgspec.DecodeError, OSError) as error:
        raise Refused("malformed", f"the last good build of {environment}: {error}") from error
    return LastGood(manifest.commit or manifest.version, tenants)


def _read_tenant(read: Read, tenant: str, whole: str) -> LastTenant:
    def document(kind: str, name: str) -> bytes:
        data = read(document_path(tenant, kind, name))
        if digest(data) != name:
            raise Refused("digest", f"{document_path(tenant, kind, name)} is damaged")
        return data

    manifest = msgspec.json.decode(document("manifest", whole), type=TenantManifest)
    forms: dict[str, bytes] = {}
    for ref in manifest.flags:
        part = msgspec.json.decode(document("flags", ref.digest), type=FlagsDocument)
        forms.update({key: bytes(raw) for key, (_, raw) in part.flags.items()})
    segments = msgspec.json.decode(
        document("segments", manifest.segments.digest), type=SegmentsDocument
    )
    return LastTenant(
        forms,
        {name: bytes(raw) for name, raw in segments.segments.items()},
        {ref.digest: document("members", ref.digest) for ref in manifest.members},
        manifest.attributes,
        manifest.held,
    )


def hold_tenant(
    files: TenantFiles,
    environment: str,
    found: Iterable[Diagnostic],
    last_good: LastGood | None,
    tests: list[TestOutcome],
) -> TenantForms:
    """Return a tenant's forms with all that does not build kept as it was last published.

    A flag whose own tests fail is held as well; a new flag that does not build is left out.
    """
    last = None if last_good is None else last_good.tenants.get(files.name)
    out = _broken(files, environment, found)
    while True:
        out = _with_layers(files, environment, out, last)
        out = _with_dependents(files, out)
        forms = emit_tenant(files, environment, out)
        joined = _join(forms, out, last, last_good)
        outcomes = list(run_tests(files, joined))
        fresh = [each for each in outcomes if each.subject.split("/", 1)[1] not in out]
        failing = {each.subject.split("/", 1)[1] for each in fresh if each.found is not None}
        more = _users_of_segments(files, {name[1:] for name in failing if name[0] == "@"})
        more |= {name for name in failing if name[0] != "@"}
        if more <= out:
            tests += fresh
            return joined
        tests += [each for each in fresh if each.found is not None]
        out |= more


def _broken(files: TenantFiles, environment: str, found: Iterable[Diagnostic]) -> set[str]:
    """Return the flags that errors keep from being built: their own, or of what they use."""
    subjects = {each.subject for each in found if each.severity == "error" and each.subject}
    own = {key for key in files.flags if f"{files.name}/{key}" in subjects}
    own |= {key for key, file in files.flags.items() if file.flag is None}
    own |= {key for key, file in files.locks.items() if file.lock is None and key in files.flags}
    segments = {name for name in files.segments if f"{files.name}/@{name}" in subjects}
    segments |= {name for name, file in files.segments.items() if file.segment is None}
    layers = {name for name in files.layers if f"{files.name}/layers/{name}" in subjects}
    for key, file in files.flags.items():
        if file.flag is not None and key not in own:
            used = _layers_of(file.flag, environment)
            if used & layers or (used and not files.has_layers):
                own.add(key)
    return own | _users_of_segments(files, segments)


def _layers_of(flag: Flag, environment: str) -> set[str]:
    return {
        rule.experiment.layer
        for phase in phases_of(flag_in(flag, environment))
        for rule in phase.flag.rules
        if rule.experiment is not None and rule.experiment.layer is not None
    }


def _users_of_segments(files: TenantFiles, segments: set[str]) -> set[str]:
    """Return the flags that name one of `segments`, also through other segments."""
    reached = set(segments)
    while True:
        more = {
            name
            for name, file in files.segments.items()
            if file.segment is not None and _segments_named(file.segment) & reached
        }
        if more <= reached:
            break
        reached |= more
    return {
        key
        for key, file in files.flags.items()
        if file.flag is not None and _segments_named(file.flag) & reached
    }


def _segments_named(value: object) -> set[str]:
    """Return every segment that a definition names anywhere, in whatever environment."""
    return {
        each.segment
        for each in _parts(value)
        if isinstance(each, Condition) and each.segment is not None
    }


def _flags_named(flag: Flag) -> set[str]:
    """Return every flag that a flag names, in `requires` and in conditions."""
    return {
        each.flag
        for each in _parts(flag)
        if isinstance(each, Condition | Require) and each.flag is not None
    }


def _parts(value: object) -> Iterator[object]:
    """Yield a definition and everything in it."""
    stack = [value]
    while stack:
        each = stack.pop()
        yield each
        if isinstance(each, Struct):
            stack += [getattr(each, name) for name in each.__struct_fields__]
        elif isinstance(each, dict):
            stack += each.values()
        elif isinstance(each, tuple):
            stack += each


def _with_dependents(files: TenantFiles, out: set[str]) -> set[str]:
    named = {
        key: _flags_named(file.flag) for key, file in files.flags.items() if file.flag is not None
    }
    reached = set(out)
    while True:
        more = {key for key, needs in named.items() if needs & reached}
        if more <= reached:
            return reached
        reached |= more


def _with_layers(
    files: TenantFiles, environment: str, out: set[str], last: LastTenant | None
) -> set[str]:
    """Add all flags of a layer in which a held flag's slots are no longer what it holds."""
    if last is None:
        return out
    changed: set[str] = set()
    for key in out & last.forms.keys():
        form = msgspec.json.decode(last.forms[key], type=FlagForm)
        for phase in form.phases:
            for rule in phase.rules:
                if rule.layer is None:
                    continue
                layer = files.layers.get(rule.layer.name)
                now = () if layer is None else layer.slots.get(f"{key}/{rule.name}", ())
                if tuple(sorted(now)) != rule.layer.ranges:
                    changed.add(rule.layer.name)
    return out | {
        key
        for key, file in files.flags.items()
        if file.flag is not None and _layers_of(file.flag, environment) & changed
    }


def _join(
    forms: TenantForms, out: set[str], last: LastTenant | None, last_good: LastGood | None
) -> TenantForms:
    """Return the forms that build together with those that are held, digests taken anew."""
    raw = {key: bytes(entry[1]) for key, entry in forms.entries.items()}
    if last is None or last_good is None:
        return forms
    held = sorted(out & last.forms.keys())
    segments = dict(forms.segments)
    members = dict(forms.members)
    for key in held:
        raw[key] = last.forms[key]
        form = msgspec.json.decode(raw[key], type=FlagForm)
        for name in _all_segments(form, last):
            segments[name] = last.segments[name]
            shape = msgspec.json.decode(last.segments[name], type=SegmentForm)
            for document in (shape.members_document, shape.excluded_document):
                if document is not None:
                    members[document] = last.members[document]
    decoded = {key: msgspec.json.decode(data, type=FlagForm) for key, data in raw.items()}
    return TenantForms(
        forms.tenant,
        forms.environment,
        entries_of(
            forms.tenant, {key: (raw[key], depends_on(form)) for key, form in decoded.items()}
        ),
        dict(sorted(segments.items())),
        members,
        forms.attributes or last.attributes,
        {key: last.held.get(key, last_good.commit) for key in held},
    )


def _all_segments(form: FlagForm, last: LastTenant) -> Iterator[str]:
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
                shape = msgspec.json.decode(last.segments[name], type=SegmentForm)
                if shape.when is not None:
                    stack.append(shape.when)
