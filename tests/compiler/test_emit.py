"""Promise: documents hold what evaluation needs and no more, and are the same for one meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from xxhash import xxh3_64_intdigest

from burgee.buckets import member_digest
from burgee.instants import parse_instant
from burgee.snapshot.forms import (
    FlagForm,
    FlagsDocument,
    GateForm,
    RuleForm,
    SegmentForm,
    TenantManifest,
)
from burgee_compiler.emit import emit_tenant, tenant_documents
from burgee_compiler.emit.documents import Documents
from burgee_compiler.load import load_repository
from burgee_compiler.trees import Folder
from support.forms import flag_form, forms_of, repository_with, segment_form
from support.process import ROOT

ON = "default: on\n"


def rule(text: str, **more: str) -> RuleForm:
    (found,) = flag_form(f"default: off\nrules:\n  - {text}\n", **more).phases[0].rules
    return found


def documents(files: Mapping[str, str | bytes], environment: str = "production") -> Documents:
    return tenant_documents(forms_of(files, environment))


# --- what a flag becomes -------------------------------------------------------------------------


def test_a_plain_boolean_flag() -> None:
    (raw,) = [bytes(raw) for _, raw in forms_of({"flags/f.yaml": ON}).entries.values()]
    assert raw == (
        b'{"phases":[{"default":{"serve":1},"off_variant":0}],'
        b'"type":"boolean","variants":[["off",false],["on",true]]}'
    )


def test_nothing_for_people_is_in_a_document() -> None:
    more = (
        "name: SECRET\ndescription: SECRET\nowner: SECRET\nexpires: 2027-03-01\nkind: ops\n"
        "tests: [{it: SECRET, expect: {variant: on}}]\n"
        "overrides: [{user: SECRET, serve: off, reason: SECRET}]\n"
        "rules: [{name: r, description: SECRET, serve: on, when: {segment: s}}]\n"
    )
    files = {"flags/f.yaml": ON + more, "segments/s.yaml": "members: [SECRET]\ndescription: SECRET"}
    made = documents(files)
    assert not [path for path, data in made.files.items() if b"SECRET" in data]
    assert b"2027" not in b"".join(made.files.values())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("type: number\nvariants: {a: {value: 1}}\n", b"1.0"),
        ("variants: {a: {value: 1}, b: {value: 1.5}}\n", b"1.0"),
        ("type: integer\nvariants: {a: {value: 1}}\n", b"1"),
        ("variants: {a: {value: 0x10}}\n", b"16"),
        ("variants: {a: {value: null}, b: {value: 2.5}}\n", b"null"),
        ("variants: [a, b]\n", b'"a"'),
        ("variants: {a: {value: {z: 1, b: [2, null]}}}\n", b'{"b":[2,null],"z":1}'),
        ("variants: {a: {value: [1, 2]}}\n", b"[1,2]"),
    ],
)
def test_values(text: str, value: bytes) -> None:
    (raw,) = [
        bytes(raw) for _, raw in forms_of({"flags/f.yaml": text + "default: a\n"}).entries.values()
    ]
    assert b'"variants":[["a",' + value + b"]" in raw


def test_off_variants() -> None:
    assert flag_form(ON).phases[0].off_variant == 0
    assert flag_form("variants: [x, off]\ndefault: x\n").phases[0].off_variant is None
    assert flag_form("variants: {no: {value: false}}\ndefault: no\n").phases[0].off_variant is None
    assert flag_form(ON + "off_variant: on\n").phases[0].off_variant == 1
    stepped = flag_form(ON + "schedule: [{at: 2026-01-01, set: {off_variant: on}}]\n")
    assert [phase.off_variant for phase in stepped.phases] == [0, 1]


def test_phases_that_change_nothing_are_left_out() -> None:
    text = (
        ON + "schedule: [{at: 2026-01-01, set: {state: on}}, {at: 2026-02-01, set: {state: off}}]"
    )
    assert [phase.at for phase in flag_form(text).phases] == [None, parse_instant("2026-02-01")]


def test_metadata_tags_and_browsers() -> None:
    form = flag_form(ON + "tags: [b, a]\nclient_side: true\nmetadata: {team: x, tier: 2, y: 1.5}\n")
    assert (form.tags, form.client_side) == (("a", "b"), True)
    assert form.metadata == {"team": "x", "tier": 2, "y": 1.5}


def test_overrides_keep_their_order_and_hide_their_users() -> None:
    text = ON + "overrides: [{user: 5, serve: off}, {user: u, serve: on, expires: 2026-12-31}]\n"
    first, second = flag_form(text).phases[0].overrides
    assert first.member == member_digest("acme", "5").hex()
    assert (second.member, second.serve) == (member_digest("acme", "u").hex(), 1)
    assert second.expires == parse_instant("2026-12-31")


# --- tables, salts and units ---------------------------------------------------------------------

SPLIT = "serve: {split: {on: 50, off: 50}}"


@pytest.mark.parametrize(
    ("head", "text", "split", "gate"),
    [
        ("", "name: r", "f", "f:gate:r"),
        ("seed: s\n", "name: r", "s", "s:gate:r"),
        ("", "name: r, seed: x", "f:x", "f:gate:x"),
        ("seed: s\n", "name: r, seed: x", "s:x", "s:gate:x"),
        ("", "name: r, was: old", "f", "f:gate:old"),
        ("", "name: r, was: old, seed: x", "f:x", "f:gate:x"),
    ],
)
def test_salts(head: str, text: str, split: str, gate: str) -> None:
    form = flag_form(f"{head}default: off\nrules:\n  - {{{text}, percentage: 5, {SPLIT}}}\n")
    found = form.phases[0].rules[0]
    assert found.split is not None
    assert found.gate is not None
    assert (found.split.salt, found.gate.salt) == (split, gate)


def test_salts_of_the_default() -> None:
    default = (
        flag_form("default: {serve: {split: {on: 50, off: 50}}, percentage: 10}\n")
        .phases[0]
        .default
    )
    assert default.split is not None
    assert default.gate is not None
    assert (default.split.salt, default.gate.salt) == ("f", "f:gate:default")


@pytest.mark.parametrize(
    ("percentage", "expected"),
    [
        ("0", GateForm(salt="f:gate:r")),
        ("0.001", GateForm(salt="f:gate:r", ranges=((0, 1),))),
        ("12.345", GateForm(salt="f:gate:r", ranges=((0, 12_345),))),
        ("100", None),
        ("100.000", None),
        (
            "{from: 0, to: 100, start: 1970-01-01T00:00:01Z, end: 1970-01-01T00:00:02Z}",
            GateForm(salt="f:gate:r", moving=(0, 100_000, 1_000_000, 2_000_000)),
        ),
    ],
)
def test_gates(percentage: str, expected: GateForm | None) -> None:
    assert rule(f"{{name: r, serve: on, percentage: {percentage}}}").gate == expected


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("name: r, serve: on", "targetingKey"),
        ("name: r, serve: on, by: company", "targetingKey"),  # no table asks for it
        ("name: r, serve: on, percentage: 5, by: company", "company"),
        ("name: r, serve: on, percentage: 5, by: user.id", "targetingKey"),
        (f"name: r, {SPLIT}, by: company", "company"),
        ("name: r, serve: {split: {on: 1, off: 0}}, by: company", "targetingKey"),
    ],
)
def test_units(text: str, by: str) -> None:
    assert rule(f"{{{text}}}").by == by


LAYERS = "checkout: {by: company, holdout: [[0, 5]], slots: {f/r: [[50, 55], [5, 10.5]]}}\n"


def test_experiments_in_a_layer() -> None:
    text = "{name: r, experiment: {status: running, control: off, layer: checkout}, " + SPLIT + "}"
    found = rule(text, layers=LAYERS)
    assert found.by == "company"
    assert found.layer is not None
    assert (found.layer.name, found.layer.salt) == ("checkout", "@layer:checkout")
    assert found.layer.ranges == ((5_000, 10_500), (50_000, 55_000))
    assert found.layer.holdout == ((0, 5_000),)
    assert found.experiment is not None
    assert (found.experiment.status, found.experiment.control) == ("running", 0)


# --- segments and members ------------------------------------------------------------------------


def using(*segments: str) -> str:
    names = ", ".join(f"{{segment: {name}}}" for name in segments)
    return f"default: off\nrules: [{{name: r, when: [{names}], serve: on}}]\n"


def test_a_segment_is_named_by_its_content() -> None:
    one = {"flags/f.yaml": using("s"), "segments/s.yaml": "when: {attribute: a, eq: 1}\n"}
    other = {**one, "segments/s.yaml": "when: {attribute: a, eq: 2}\n"}
    described = {**one, "segments/s.yaml": "description: x\nwhen: [{eq: 1, attribute: a}]\n"}
    assert forms_of(one).segments == forms_of(described).segments
    assert forms_of(one).segments.keys() != forms_of(other).segments.keys()


def test_segments_that_no_flag_names_are_left_out() -> None:
    files = {"flags/f.yaml": using("s"), "segments/s.yaml": "members: [u]\n"}
    more = {**files, "segments/t.yaml": "members: [v]\n"}
    assert documents(files) == documents(more)


def test_a_change_deep_in_segments_changes_the_flag_s_digest() -> None:
    files = {
        "flags/f.yaml": using("outer"),
        "segments/outer.yaml": "when: {not: {segment: inner}}\n",
        "segments/inner.yaml": "members_file: list.csv\n",
        "segments/list.csv": "u-1\n",
    }
    before = forms_of(files).entries["f"][0]
    assert forms_of({**files, "segments/list.csv": "\nu-1\r\n\r\n"}).entries["f"][0] == before
    assert forms_of({**files, "segments/list.csv": "u-2\n"}).entries["f"][0] != before


def test_short_lists_stand_inside_and_long_ones_apart() -> None:
    ids = [f"u-{n}" for n in range(65)]
    files = {
        "flags/f.yaml": using("short", "long"),
        "segments/short.yaml": f"members: [{', '.join(ids[:64])}]\n",
        "segments/long.yaml": f"members: [{', '.join(ids[:-1])}]\nmembers_file: l.txt\n",
        "segments/l.txt": "\n".join(ids),
    }
    forms = forms_of(files)
    short, long = segment_form(forms, "short"), segment_form(forms, "long")
    expected = b"".join(sorted(member_digest("acme", each) for each in ids[:64]))
    assert (short.members, short.members_document) == (expected.hex(), None)
    assert (long.members, len(forms.members)) == ("", 1)
    assert long.members_document is not None
    data = forms.members[long.members_document]
    assert data == b"".join(sorted(member_digest("acme", each) for each in ids))
    made = tenant_documents(forms)
    assert [path for path in made.files if path.endswith(".bin")] == [
        f"acme/members-{long.members_document[:16]}.bin"
    ]


def test_the_order_of_a_member_list_does_not_matter() -> None:
    ids = [f"u-{n}" for n in range(100)]
    made = [
        documents(
            {
                "flags/f.yaml": using("s"),
                "segments/s.yaml": "members_file: l.csv\n",
                "segments/l.csv": "\n".join(each),
            }
        )
        for each in (ids, ids[::-1], ids + ids)
    ]
    assert made[0] == made[1] == made[2]


def test_segments_differ_by_environment() -> None:
    files = {
        "flags/f.yaml": using("s"),
        "segments/s.yaml": "members: [u]\nenvironments: {staging: {members: [v]}}\n",
    }
    shapes: list[SegmentForm] = [
        segment_form(forms_of(files, name), "s") for name in ("staging", "production")
    ]
    assert [each.members for each in shapes] == [member_digest("acme", n).hex() for n in "vu"]


# --- digests and documents -----------------------------------------------------------------------


def test_a_flag_s_digest_covers_what_it_depends_on() -> None:
    need = "{flag: b, serves: [on]}"
    files = {
        "flags/a.yaml": ON,
        "flags/b.yaml": ON + "requires: [{flag: a, serves: [on]}]\n",
        "flags/c.yaml": f"default: off\nrules: [{{name: r, when: {need}, serve: on}}]\n",
        "flags/d.yaml": ON,
    }
    before = forms_of(files).entries
    after = forms_of({**files, "flags/a.yaml": "default: off\n"}).entries
    assert {key for key in before if before[key][0] != after[key][0]} == {"a", "b", "c"}
    assert {key for key in before if bytes(before[key][1]) != bytes(after[key][1])} == {"a"}


def test_a_chain_of_flags_of_any_length() -> None:
    files = {"flags/f0.yaml": ON}
    for n in range(1, 1_500):
        files[f"flags/f{n}.yaml"] = ON + f"requires: [{{flag: f{n - 1}, serves: [on]}}]\n"
    assert len(forms_of(files).entries) == 1_500


def keys(count: int) -> dict[str, str | bytes]:
    return {f"flags/k{n}.yaml": ON for n in range(count)}


@pytest.mark.parametrize(("count", "parts"), [(1, 1), (1_000, 1), (1_001, 2), (2_001, 4)])
def test_documents_are_split_by_the_top_bits_of_the_key_s_hash(count: int, parts: int) -> None:
    made = documents(keys(count))
    manifest = msgspec.json.decode(
        next(data for path, data in made.files.items() if "/manifest-" in path), type=TenantManifest
    )
    assert len(manifest.flags) == parts
    assert sum(ref.count for ref in manifest.flags) == count
    bits = parts.bit_length() - 1
    for index, ref in enumerate(manifest.flags):
        data = made.files[f"acme/flags-{ref.digest[:16]}.json"]
        part = msgspec.json.decode(data, type=FlagsDocument)
        assert (len(data), len(part.flags)) == (ref.bytes, ref.count)
        assert list(part.flags) == sorted(part.flags)
        assert {xxh3_64_intdigest(key.encode()) >> (64 - bits) for key in part.flags} == {
            index
        } or bits == 0


def test_a_change_of_one_flag_rewrites_one_document() -> None:
    files = keys(3_000)
    before = documents(files)
    after = documents({**files, "flags/k7.yaml": "default: off\n"})
    gone = sorted(before.files.keys() - after.files.keys())
    assert [path.split("-")[0] for path in gone] == ["acme/flags", "acme/manifest"]
    assert len(before.files) == len(after.files) == 4 + 2


def test_attribute_types_are_in_the_manifest() -> None:
    files = {
        "flags/f.yaml": ON,
        "attributes.yaml": "plan: {type: string, enum: [a]}\nage: {type: integer}\n",
    }
    forms = forms_of(files)
    assert forms.attributes == {"age": "integer", "plan": "string"}


def test_an_environment_s_documents_name_it() -> None:
    assert (
        documents({"flags/f.yaml": ON}, "staging").manifest
        != documents({"flags/f.yaml": ON}).manifest
    )


# --- one meaning, one digest ---------------------------------------------------------------------

MEANING = """
type: string
tags: [web, checkout]
variants:
  classic: {value: old, description: was}
  one-page: {value: new}
off_variant: classic
metadata: {team: payments, tier: 2}
requires: [{flag: other, serves: [on, off]}]
rules:
  - name: beta
    when: {attribute: plan, in: [pro, max], ignore_case: true}
    percentage: 50
    serve: {split: {classic: 50, one-page: 50}}
default: classic
"""

SAME = [
    ("comments and blanks", MEANING.replace("tags:", "# a comment\n\ntags:   ")),
    ("quotes", MEANING.replace("classic", '"classic"').replace("value: new", "value: 'new'")),
    ("order of tags", MEANING.replace("[web, checkout]", "[checkout, web]")),
    (
        "order of variants",
        MEANING.replace("  classic: {value: old, description: was}\n", "").replace(
            "{value: new}\n", "{value: new}\n  classic: {value: old}\n"
        ),
    ),
    ("a list of one condition", MEANING.replace("when: {", "when: [{").replace("true}", "true}]")),
    (
        "order of operators",
        MEANING.replace(
            "plan, in: [pro, max], ignore_case: true", "plan, ignore_case: true, in: [pro, max]"
        ),
    ),
    ("order of what is served", MEANING.replace("[on, off]", "[off, on]")),
    (
        "order of weights",
        MEANING.replace("{classic: 50, one-page: 50}", "{one-page: 1, classic: 1}"),
    ),
    ("spelling of numbers", MEANING.replace("percentage: 50", "percentage: 50.000")),
    ("order of fields", "default: classic\n" + MEANING.replace("default: classic\n", "")),
    (
        "defaults spelled out",
        MEANING + "state: on\nby: user.id\nclient_side: false\nseed: f\n",
    ),
    ("an overlay of elsewhere", MEANING + "environments: {staging: {state: off}}\n"),
    ("an anchor", MEANING.replace("value: old", "value: &x old").replace("was}", "*x }")),
]


@pytest.mark.parametrize("text", [case[1] for case in SAME], ids=[case[0] for case in SAME])
def test_an_edit_without_meaning_changes_no_document(text: str) -> None:
    def made(flag: str) -> Documents:
        return documents({"flags/f.yaml": flag, "flags/other.yaml": ON})

    assert text != MEANING
    assert made(text) == made(MEANING)


def test_an_edit_with_meaning_does() -> None:
    other = MEANING.replace("value: new", "value: newer")
    assert flag_form(MEANING.replace("requires", "#")) != flag_form(other.replace("requires", "#"))


def test_defaults_are_left_out_however_they_came_about() -> None:
    """Else the bytes would depend on which of two equal strings the interpreter shares."""
    for environment in ("development", "staging", "production"):
        for tenant in load_repository(Folder(ROOT / "flags-repo")).tenants.values():
            for key, (_, raw) in emit_tenant(tenant, environment).entries.items():
                shown = msgspec.json.decode(raw)
                assert shown == bare(msgspec.json.decode(raw, type=FlagForm)), key


def bare(value: Any) -> Any:
    """A form as JSON without the fields that equal their defaults."""
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: bare(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if field.required or getattr(value, field.name) != default_of(field)
        }
    return [bare(each) for each in value] if isinstance(value, tuple) else value


def default_of(field: Any) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def test_files_in_any_order_give_the_same_documents() -> None:
    files = {f"flags/{name}.yaml": ON for name in "cab"} | {"segments/s.yaml": "members: [u]\n"}
    backwards = dict(reversed(list(files.items())))
    assert documents(files) == documents(backwards)
    tenant = repository_with(files).tenants["acme"]
    shuffled = msgspec.structs.replace(tenant, flags=dict(reversed(list(tenant.flags.items()))))
    assert tenant_documents(emit_tenant(shuffled, "production")) == documents(files)
