"""Promise: the published schemas are current, and say of a file what the decoder says of it.

A file that the decoder takes is never an error in an editor; and what an editor lets pass though
the decoder does not is only what JSON Schema cannot say: the codes in BEYOND_SCHEMAS.
"""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from burgee.snapshot.canonical import canonical
from burgee_compiler.build import build
from burgee_compiler.load import load_repository
from burgee_compiler.model.decoder import Decoder, Kind
from burgee_compiler.model.files import ATTRIBUTES, BURGEE, LAYERS, LOCK, SEGMENT, TENANT
from burgee_compiler.model.flag import FLAG
from burgee_compiler.schema import SCHEMAS, schema_files, schema_text
from burgee_compiler.source import Node, Plain, Unresolvable, read_yaml, resolve
from burgee_compiler.trees import Folder
from support.process import ROOT

KINDS: dict[str, Kind] = {
    "flag": FLAG,
    "segment": SEGMENT,
    "lock": LOCK,
    "layers": LAYERS,
    "attributes": ATTRIBUTES,
    "tenant": TENANT,
    "burgee": BURGEE,
}
BEYOND_SCHEMAS = {
    "B204",  # an empty value, where null may stand
    "B205",  # the source text of a number that is no name, such as -1
    "B206",  # true as a key
    "B207",  # a fourth decimal
    "B209",  # a day that the month does not have
    "B219",  # a port that is none
    "B401",  # weights of 0 alone
    "B407",  # a moving percentage that ends before it starts
    "B410",  # a range of slots that ends before it begins
    "B415",  # a range of percent that does
    "B502",  # no regular expression
    "B503",  # no version
    "B506",  # no network
    "B509",  # conditions nested too deep
}
REPOSITORY = ROOT / "flags-repo"
FILES = sorted(REPOSITORY.rglob("*.yaml"))
VALIDATORS = {kind: Draft202012Validator(SCHEMAS[kind]()) for kind in KINDS}


def kind_of(path: Path) -> str:
    if path.name.endswith(".lock.yaml"):
        return "lock"
    parents = {parent.name for parent in path.parents}
    if "flags" in parents:
        return "flag"
    return "segment" if "segments" in parents else path.stem


def read(text: str) -> Node:
    node, found = read_yaml(text.encode(), "file.yaml")
    assert node is not None, found
    return node


def codes(kind: str, node: Node) -> set[str]:
    decoder = Decoder("file.yaml")
    KINDS[kind].read(decoder, node)
    return {each.code for each in decoder.found}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_is_a_schema(kind: str) -> None:
    Draft202012Validator.check_schema(json.loads(schema_text(kind)))


def test_the_files_in_schemas_are_current() -> None:
    folder = ROOT / "schemas"
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert there == schema_files(), "run `burgee schema --out schemas`"


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_can_be_written_is_explained(kind: str) -> None:
    schema = SCHEMAS[kind]()
    for name, part in {"": schema, **schema["$defs"]}.items():
        for field, described in part.get("properties", {}).items():
            assert described.get("description"), f"{kind}: {name}.{field}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_takes_each_example(path: Path) -> None:
    node, _ = read_yaml(path.read_bytes(), path.name)
    assert node is not None
    VALIDATORS[kind_of(path)].validate(resolve(node))


def with_condition(when: str) -> str:
    return f"default: off\nrules: [{{name: r, serve: on, when: {when}}}]"


@pytest.mark.parametrize(
    "text",
    [
        "default: off",
        "default: 5\nvariants: [5, 1.0, a]",
        "default: 5\nvariants: {5: {value: null}, 10%: {value: [1]}}",
        "default: {split: {5: 1, b: 0x10}}\nby: 5",
        "default: {serve: {split: {a: 0.5, b: .5}}, percentage: 12.345}\nvariants: [a, b]",
        "default: {serve: on, percentage: {from: 0, to: 9, start: 2026-12-01, end: 2026-12-02}}",
        "default: off\nexpires: 2026-12-08t00:00:00.25+01:00",
        "default: off\ntests: [{expect: {shares: {off: 100}}}]",
        "default: off\ntests: [{bucket: 0.5, expect: {value: null}}]",
        with_condition("{segment: regions.eea}"),
        with_condition("[[{attribute: 5, exists: false}]]"),
        with_condition("{not: [{attribute: a, in: [1, x, true]}]}"),
        with_condition("{any: [{flag: a.b, serves: [5]}, {attribute: a, before: 2026-12-01}]}"),
        with_condition("{attribute: a, regex: [x], contains: 5, ignore_case: true}"),
    ],
)
def test_takes_every_shorthand(text: str) -> None:
    node = read(text)
    assert codes("flag", node) == set()
    VALIDATORS["flag"].validate(resolve(node))


@pytest.mark.parametrize(
    "text",
    [
        "name: x",
        "default: off\nvarients: [a]",
        "default: true",
        "default: [on]",
        "default: {split: {}}",
        "default: {serve: on, split: {on: 1}}",
        "default: {serve: on, percentage: 101}",
        "default: {serve: on, percentage: 5%}",
        "default: off\nstate: true",
        "default: off\nclient_side: on",
        "default: off\ntags: web",
        "default: off\ntags: [web, web]",
        "default: off\nname: 5",
        "default: off\nexpires: 2026-12-01 09:00",
        "default: off\nexpires: 2026-12-01T09:00:00",
        "default: off\nvariants: {on: true}",
        "default: off\nvariants: {'': {value: 1}}",
        "default: off\nrules: [{serve: on}]",
        "default: off\nrules: [{name: a b, serve: on}]",
        "default: off\ntests: [{expect: {}}]",
        "default: off\ntests: [{expect: {variant: on, shares: {on: 100}}}]",
        "default: off\nenvironments: {staging: {name: x}}",
        "default: off\nenvironments: {s: {rules: [{name: r, serve: on, environments: {}}]}}",
        with_condition("{}"),
        with_condition("[]"),
        with_condition("{attribute: a}"),
        with_condition("{eq: a}"),
        with_condition("{flag: a}"),
        with_condition("{segment: a, eq: b}"),
        with_condition("{segment: a.b.}"),
        with_condition("{attribute: a, equals: b}"),
        with_condition("{attribute: a, in: b}"),
        with_condition("{attribute: a, gt: b}"),
        with_condition("{attribute: a, semver_gt: 7.1}"),
        with_condition("{attribute: a, before: 5}"),
        with_condition("{attribute: a, within_last: 0d}"),
        with_condition("{attribute: a, gt: 1, ignore_case: true}"),
        with_condition("{attribute: a, gt: 1, exists: false}"),
    ],
)
def test_refuses_flags_that_the_decoder_refuses(text: str) -> None:
    node = read(text)
    assert codes("flag", node)
    assert not VALIDATORS["flag"].is_valid(resolve(node))


LOCKED = "tables: [{table: r, environments: [a], weights: {a: 1}, ranges: {a: [[0, 1]]}}]"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("segment", "members: u1"),
        ("segment", "tests: [{expect: {member: yes}}]"),
        ("layers", "checkout: {slots: {a/b: [[0, 101]]}}"),
        ("layers", "checkout: {holdout: [5]}"),
        ("lock", LOCKED.replace("{a: 1}", "{}")),
        ("lock", LOCKED.replace("[0, 1]", "[0, 1.5]")),
        ("lock", LOCKED.replace("environments: [a], ", "")),
        ("attributes", "plan: string"),
        ("attributes", "plan: {type: text}"),
        ("tenant", "owners: {a: b}"),
        ("burgee", "epoch: 0"),
        ("burgee", "environments: []"),
        ("burgee", "environments: [a]\nlevels: {B101: loud}"),
        ("burgee", "environments: [a]\npolicy: [{then: ask}]"),
    ],
)
def test_refuses_other_files_that_the_decoder_refuses(kind: str, text: str) -> None:
    node = read(text)
    assert codes(kind, node)
    assert not VALIDATORS[kind].is_valid(resolve(node))


@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_the_decoder_on_mutated_files(seed: int) -> None:
    chance = random.Random(seed)
    originals = [(kind_of(path), read(path.read_text(encoding="utf-8"))) for path in FILES]
    for _ in range(150):
        kind, node = chance.choice(originals)
        for _ in range(chance.randint(1, 2)):
            node = mutated(node, chance)
        try:
            plain = resolve(node)
        except Unresolvable:
            continue
        found = codes(kind, node)
        error = next(VALIDATORS[kind].iter_errors(plain), None)
        if not found:
            assert error is None, f"{error.json_path}: {error.message}\n{plain}"
        elif error is None:
            assert found <= BEYOND_SCHEMAS, plain


REPLACEMENTS: tuple[Node, ...] = (
    *map(Plain, ("5", "1.5", "-1", "101", "0x10", "", "true", "null", "on", "2026-01-01", "30d")),
    *("x", "", "2026-01-01T00:00:00Z", "a b", "x\ty"),
    [],
    {},
    [Plain("a")],
    [[Plain("0"), Plain("5")]],
    {"a": Plain("b")},
    {"attribute": Plain("x"), "eq": Plain("1")},
    {"split": {"a": Plain("1")}},
)
FIELDS = (
    *("eq", "in", "percentage", "split", "exists", "ignore_case", "when", "attribute", "segment"),
    *("flag", "serves", "name", "zz", "default", "all", "shares", "variant", "environments"),
)


def mutated(node: Node, chance: random.Random) -> Node:
    """A copy with one thing in it replaced, removed, added or renamed."""
    result = copy.deepcopy(node)
    containers = list(containers_in(result))
    within = chance.choice(containers)
    steps: list[Any] = list(within) if isinstance(within, dict) else list(range(len(within)))
    value = copy.deepcopy(chance.choice(REPLACEMENTS))
    step = chance.choice(steps) if steps else None
    what = chance.randrange(4)
    if isinstance(within, list):
        if what == 0 or step is None:
            within.append(value)
        elif what == 1:
            del within[step]
        else:
            within[step] = value
    elif what == 0 or step is None:
        within[chance.choice(FIELDS)] = value
    elif what == 1:
        del within[step]
    elif what == 2:
        within[chance.choice(FIELDS)] = within.pop(step)
    else:
        within[step] = value
    return result


def containers_in(node: Node) -> Any:
    if isinstance(node, dict | list):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from containers_in(child)


@pytest.fixture(scope="module")
def documents() -> dict[str, bytes]:
    """Every document that the example repository compiles to."""
    made = build(load_repository(Folder(REPOSITORY)), None)
    assert made.environments
    files = {"manifest.json": made.environments[0].manifest}
    return {**files, **made.environments[0].files}


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("environment-manifest", "manifest.json"),
        ("tenant-manifest", "/manifest-"),
        ("snapshot-flags", "/flags-"),
        ("snapshot-segments", "/segments-"),
    ],
)
def test_describes_what_the_compiler_emits(
    documents: dict[str, bytes], kind: str, part: str
) -> None:
    validator = Draft202012Validator(SCHEMAS[kind]())
    chosen = [data for path, data in documents.items() if part in path]
    assert chosen
    for data in chosen:
        validator.validate(json.loads(data))


def test_the_schema_of_a_snapshot_knows_flags() -> None:
    validator = Draft202012Validator(SCHEMAS["snapshot-flags"]())
    flag = {"type": "boolean", "variants": [["on", True]], "phases": [{"default": {"serve": 0}}]}
    document: dict[str, Any] = {"flags": {"a": ["0" * 32, flag]}, "format": [1, 0]}
    validator.validate(json.loads(canonical(document)))
    flag["type"] = "list"
    assert not validator.is_valid(json.loads(canonical(document)))
