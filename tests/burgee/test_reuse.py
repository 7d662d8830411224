"""Promise: a set that is loaded over another answers as one loaded afresh, and reads only news."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, structs

from burgee.load import Refused, load_tenant
from burgee.snapshot.canonical import canonical, digest
from burgee.snapshot.forms import (
    DocumentRef,
    FlagsDocument,
    PhaseForm,
    SegmentForm,
    SegmentsDocument,
    TenantManifest,
)
from burgee_compiler.emit import tenant_documents
from burgee_compiler.emit.tenant import TenantForms, depends_on, entries_of
from support.snapshots import attribute, flag, rule, segment_digest

TENANT, ENVIRONMENT = "acme", "production"
SEGMENTS = [SegmentForm(name=f"s{n}", when=attribute("group", eq=f"g{n}")) for n in range(4)]
CONTEXT = {"targetingKey": "u1", "group": "g1", "plan": "p2"}
Files = Mapping[str, bytes]


def _form(kind: int, above: str | None) -> Any:
    """One of a few flags; with `above` it needs another one to be on."""
    segment = SEGMENTS[kind % 4]
    when = attribute("plan", eq=f"p{kind}")
    if kind % 2:
        when = structs.replace(when, attribute=None, tests={}, segment=segment_digest(segment))
    requires = None if above is None else {above: ("on",)}
    return flag("off", rules=(rule(f"r{kind}", 1, when),), requires=requires, off="off")


def _documents(kinds: Mapping[str, int]) -> tuple[Files, str]:
    """Return a tenant's files, and the digest of its manifest."""
    keys = sorted(kinds)
    forms = {
        key: _form(kinds[key], keys[number - 1] if number % 7 == 3 else None)
        for number, key in enumerate(keys)
    }
    raw = {key: (canonical(form), depends_on(form)) for key, form in forms.items()}
    used = {segment_digest(each): canonical(each) for each in SEGMENTS}
    made = tenant_documents(TenantForms(TENANT, ENVIRONMENT, entries_of(TENANT, raw), used, {}, {}))
    return made.files, made.manifest


def _reading(files: Files, seen: list[str]) -> Callable[[str], bytes]:
    def read(path: str) -> bytes:
        seen.append(path)
        return files[path]

    return read


BASE = {f"area.flag-{n}": n % 6 for n in range(1_300)}


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*list(BASE)[:40], "new.one", "new.two"]),
            st.none() | st.integers(0, 6),
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    ),
    st.sets(st.sampled_from(list(BASE)), max_size=30),
)
def test_answers_are_those_of_a_fresh_set(
    edits: list[dict[str, int | None]], asked_before: set[str]
) -> None:
    kinds = dict(BASE)
    files, whole = _documents(kinds)
    _, flags = load_tenant(files.__getitem__, ENVIRONMENT, TENANT, whole)
    for edit in edits:
        for key in asked_before:
            flags.evaluate(key, CONTEXT, 0)
        kinds = {key: kind for key, kind in {**kinds, **edit}.items() if kind is not None}
        files, whole = _documents(kinds)
        _, flags = load_tenant(files.__getitem__, ENVIRONMENT, TENANT, whole, flags)
        _, fresh = load_tenant(files.__getitem__, ENVIRONMENT, TENANT, whole)
        assert flags.keys() == fresh.keys()
        for key in (*edit, *asked_before, *list(BASE)[:60]):
            assert flags.evaluate(key, CONTEXT, 0) == fresh.evaluate(key, CONTEXT, 0)


def test_only_what_changed_is_read_and_prepared() -> None:
    files, whole = _documents(BASE)
    _, before = load_tenant(files.__getitem__, ENVIRONMENT, TENANT, whole)
    prepared = {key: before.get(key) for key in before.keys()}  # noqa: SIM118  (no mapping)
    new_files, new_whole = _documents({**BASE, "area.flag-9": 6})
    seen: list[str] = []
    _, after = load_tenant(_reading(new_files, seen), ENVIRONMENT, TENANT, new_whole, before)
    assert sorted(path.split("-")[0] for path in seen) == ["acme/flags", "acme/manifest"]
    renewed = {key for key in prepared if after.get(key) is not prepared[key]}
    assert "area.flag-9" in renewed
    assert len(renewed) <= 2, "its dependant's digest changes too, and no other"


def test_a_flag_in_two_documents_is_refused() -> None:
    entry = ("0" * 32, Raw(canonical(flag())))
    parts = [
        canonical(FlagsDocument({"same": entry})),
        canonical(FlagsDocument({"same": entry, "b": entry})),
    ]
    segments = canonical(SegmentsDocument({}))

    def ref(data: bytes) -> DocumentRef:
        return DocumentRef(digest(data), len(data), 1)

    manifest = canonical(
        TenantManifest(
            environment=ENVIRONMENT,
            tenant=TENANT,
            flags=tuple(map(ref, parts)),
            segments=ref(segments),
        )
    )
    files = {
        f"acme/{kind}-{digest(data)[:16]}.json": data
        for kind, data in [("flags", part) for part in parts]
        + [("segments", segments), ("manifest", manifest)]
    }
    with pytest.raises(Refused, match="two documents") as caught:
        load_tenant(files.__getitem__, ENVIRONMENT, TENANT, digest(manifest))
    assert caught.value.reason == "malformed"


def test_a_flag_that_moved_on_in_time_is_carried_over() -> None:
    """Phases are part of the form: the same function goes on deciding by the clock."""
    first = PhaseForm(default=structs.replace(flag("off").phases[0].default))
    later = structs.replace(flag("on").phases[0], at=100)
    timed = flag(phases=(first, later))
    raw = {"timed": (canonical(timed), depends_on(timed))}
    made = tenant_documents(TenantForms(TENANT, ENVIRONMENT, entries_of(TENANT, raw), {}, {}, {}))
    _, one = load_tenant(made.files.__getitem__, ENVIRONMENT, TENANT, made.manifest)
    assert [one.evaluate("timed", {}, now).variant for now in (99, 100)] == ["off", "on"]
    _, other = load_tenant(made.files.__getitem__, ENVIRONMENT, TENANT, made.manifest, one)
    assert other.get("timed") is one.get("timed")
    assert [other.evaluate("timed", {}, now).variant for now in (99, 100)] == ["off", "on"]
