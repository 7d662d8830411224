"""Promise: one flag's mistake holds it and who needs it, at the last good form, and nobody else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from burgee.load import Refused, read_folder
from burgee_compiler.build import Build, EnvironmentBuild
from burgee_compiler.hold import read_last_good
from support.flag_repository import FlagRepository, codes, git, manifests, served

BASE = {
    "flags/apart.yaml": "default: on\n",
    "flags/base.yaml": "default: on\n",
    "flags/child.yaml": "default: on\nrequires: [{flag: base, serves: [on]}]\n",
    "flags/grand.yaml": (
        "default: off\nrules: [{name: r, when: {flag: child, serves: [on]}, serve: on}]\n"
    ),
    "flags/member.yaml": "default: off\nrules: [{name: r, when: {segment: outer}, serve: on}]\n",
    "segments/outer.yaml": "when: {segment: inner}\n",
    "segments/inner.yaml": "members_file: list.csv\n",
    "segments/list.csv": "".join(f"u-{n}\n" for n in range(100)),
}
SPLIT = "serve: {split: {on: 50, off: 50}}"


def experiment(percent: str = "") -> str:
    layer = "{status: running, control: off, layer: checkout}"
    return f"default: off\nrules: [{{name: trial, experiment: {layer}, {SPLIT}}}]{percent}\n"


@pytest.fixture
def repository(tmp_path: Path) -> FlagRepository:
    made = FlagRepository(tmp_path / "flags", BASE)
    made.commit()
    return made


@pytest.fixture
def out(repository: FlagRepository, tmp_path: Path) -> Path:
    repository.publish(tmp_path / "dist")
    return tmp_path / "dist"


def production(made: Build) -> EnvironmentBuild:
    (found,) = (each for each in made.environments if each.environment == "production")
    return found


def held(made: Build) -> dict[str, str]:
    return production(made).held.get("acme", {})


def variant(made: Build, key: str, user: str = "u-1") -> str | None:
    return served(made).evaluate(key, {"targetingKey": user}, 0).variant


MISTAKES: dict[str, tuple[dict[str, str], set[str]]] = {
    "its YAML": ({"flags/apart.yaml": "default: [\n"}, {"apart"}),
    "its shape": ({"flags/apart.yaml": "defualt: on\n"}, {"apart"}),
    "what it refers to": ({"flags/apart.yaml": "default: none\n"}, {"apart"}),
    "a test of it": (
        {"flags/apart.yaml": "default: off\ntests: [{expect: {variant: on}}]\n"},
        {"apart"},
    ),
    "its lock": ({"flags/apart.lock.yaml": "tables: [\n"}, {"apart"}),
    "its name in another case": ({"flags/Apart.yaml": "default: on\n"}, {"apart"}),
    "who requires it": ({"flags/base.yaml": "default: [\n"}, {"base", "child", "grand"}),
    "a circle": (
        {"flags/base.yaml": "default: on\nrequires: [{flag: grand, serves: [on]}]\n"},
        {"base", "child", "grand"},
    ),
    "whose condition names it": ({"flags/child.yaml": "default: none\n"}, {"child", "grand"}),
    "a segment": ({"segments/outer.yaml": "when: [\n"}, {"member"}),
    "a segment below": ({"segments/inner.yaml": "when: {segment: nobody}\n"}, {"member"}),
    "segments in a circle": ({"segments/inner.yaml": "when: {segment: outer}\n"}, {"member"}),
    "a test of a segment": (
        {
            "segments/inner.yaml": "members: [u]\n"
            "tests: [{context: {targetingKey: u}, expect: {member: false}}]\n"
        },
        {"member"},
    ),
    "a broken segment with tests": (
        {
            "segments/inner.yaml": "when: {segment: nobody}\n"
            "tests: [{context: {targetingKey: u}, expect: {member: false}}]\n"
        },
        {"member"},
    ),
    "a member list": ({"segments/list.csv": "\ufeffu-1\n"}, {"member"}),
}


@pytest.mark.parametrize(("files", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_holds_the_flag_and_who_needs_it(
    repository: FlagRepository, out: Path, files: dict[str, str], expected: set[str]
) -> None:
    first = repository.build().environments[0]
    assert first.held == {}
    good = repository.facts()
    assert good is not None
    before = {key: served(repository.build()).digest(key) for key in ("member", "grand", "apart")}
    repository.commit({**files, "flags/other.yaml": "default: on\n"})
    made = repository.build(out)
    assert codes(made)
    assert held(made) == dict.fromkeys(sorted(expected), good.commit)
    after = served(made)
    assert {key: after.digest(key) for key in before} == before
    assert variant(made, "member") == "on"
    assert variant(made, "grand") == "on"
    assert variant(made, "apart") == "on"
    assert variant(made, "other") == "on"


def test_without_last_good_nothing_is_built(repository: FlagRepository) -> None:
    repository.commit({"flags/apart.yaml": "default: [\n"})
    assert repository.build().environments == []


def test_other_flags_go_live_meanwhile(repository: FlagRepository, out: Path) -> None:
    repository.commit({"flags/base.yaml": "default: [\n", "flags/apart.yaml": "default: off\n"})
    made = repository.publish(out, held=True)
    assert codes(made) == ["B106"]
    assert set(held(made)) == {"base", "child", "grand"}
    assert variant(made, "apart") == "off"


def test_a_new_flag_that_does_not_build_is_left_out(repository: FlagRepository, out: Path) -> None:
    repository.commit(
        {
            "flags/new.yaml": "default: [\n",
            "flags/newer.yaml": "default: on\nrequires: [{flag: new, serves: [on]}]\n",
            "flags/apart.yaml": "default: on\nrequires: [{flag: new, serves: [on]}]\n",
        }
    )
    made = repository.build(out)
    assert set(held(made)) == {"apart"}
    assert "new" not in served(made)
    assert "newer" not in served(made)
    assert variant(made, "apart") == "on"


@pytest.mark.parametrize(
    "text", ["default: [\n", "default: on\ntests: [{expect: {variant: off}}]\n"]
)
def test_without_an_earlier_build_it_is_left_out_too(
    repository: FlagRepository, tmp_path: Path, text: str
) -> None:
    repository.commit({"flags/base.yaml": text})
    made = repository.build(tmp_path / "nothing")
    assert held(made) == {}
    assert served(made).keys() == ["apart", "member"]


def test_what_is_held_twice_keeps_its_first_commit(repository: FlagRepository, out: Path) -> None:
    first = repository.facts()
    assert first is not None
    repository.commit({"flags/apart.yaml": "default: [\n"})
    repository.publish(out, held=True)
    repository.commit({"flags/base.yaml": "default: [\n"})
    second = repository.publish(out, held=True)
    assert set(held(second)) == {"apart", "base", "child", "grand"}
    assert held(second)["apart"] == first.commit
    assert held(second)["base"] != first.commit


def test_mended_is_held_no_more(repository: FlagRepository, out: Path) -> None:
    repository.commit({"flags/base.yaml": "default: [\n"})
    repository.publish(out, held=True)
    repository.commit({"flags/base.yaml": "default: off\n"})
    made = repository.publish(out, held=True)
    assert not codes(made)
    assert held(made) == {}
    assert variant(made, "grand") == "off"
    assert manifests(made) == manifests(repository.build())


def test_a_held_flag_keeps_its_segments_though_they_changed(
    repository: FlagRepository, out: Path
) -> None:
    repository.write({"flags/second.yaml": BASE["flags/member.yaml"]})
    repository.publish(out)
    repository.write({"flags/member.yaml": "default: [\n", "segments/list.csv": "u-200\n"})
    made = repository.publish(out, held=True)
    assert [variant(made, "member", user) for user in ("u-1", "u-200")] == ["on", "off"]
    assert [variant(made, "second", user) for user in ("u-1", "u-200")] == ["off", "on"]
    # And once more from there: the segments by content are carried along.
    again = repository.publish(out, held=True)
    assert manifests(again) == manifests(made)


def test_a_flag_that_a_held_one_needs_is_kept_where_it_is_deleted(
    repository: FlagRepository, out: Path
) -> None:
    repository.remove("flags/base.yaml")
    made = repository.publish(out, held=True)
    assert set(codes(made)) == {"B302"}
    assert set(held(made)) == {"base", "child", "grand"}
    assert variant(made, "grand") == "on"
    repository.write({"flags/child.yaml": "default: on\n"})
    assert "base" not in served(repository.publish(out, held=True))


def test_a_needed_flag_that_still_builds_goes_on(repository: FlagRepository, out: Path) -> None:
    before = served(repository.build()).digest("child")
    repository.write({"flags/child.yaml": "default: [\n", "flags/base.yaml": "default: off\n"})
    made = repository.build(out)
    assert set(held(made)) == {"child", "grand"}
    # The digest is taken anew over what stands below it now.
    assert served(made).digest("child") != before
    assert variant(made, "child") == "off"


LAYERS = "checkout: {slots: {one/trial: [[0, 10]], two/trial: [[10, 20]]}}\nother: {}\n"


@pytest.fixture
def layered(tmp_path: Path) -> tuple[FlagRepository, Path]:
    repository = FlagRepository(
        tmp_path / "flags",
        {
            "flags/one.yaml": experiment(),
            "flags/two.yaml": experiment(),
            "flags/apart.yaml": "default: on\n",
            "layers.yaml": LAYERS,
        },
    )
    repository.publish(tmp_path / "dist")
    return repository, tmp_path / "dist"


LAYER_CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    "the same slots": ({"flags/one.yaml": "default: [\n"}, {"one"}),
    "slots of its own moved": (
        {
            "flags/one.yaml": "default: [\n",
            "layers.yaml": LAYERS.replace("[0, 10]", "[50, 60]"),
        },
        {"one", "two"},
    ),
    "its slots given away": (
        {
            "flags/one.yaml": "default: [\n",
            "flags/two.yaml": experiment("\ntags: [new]"),
            "layers.yaml": "checkout: {slots: {two/trial: [[0, 20]]}}\n",
        },
        {"one", "two"},
    ),
    "slots of another moved": (
        {
            "flags/one.yaml": "default: [\n",
            "layers.yaml": LAYERS.replace("[10, 20]", "[50, 60]"),
        },
        {"one"},
    ),
    "another unit": (
        {
            "flags/one.yaml": "default: [\n",
            "layers.yaml": LAYERS.replace("checkout: {", "checkout: {by: company, "),
        },
        {"one", "two"},
    ),
    "an overlap": ({"layers.yaml": LAYERS.replace("[10, 20]", "[5, 20]")}, {"one", "two"}),
    "an error in another layer": (
        {"layers.yaml": LAYERS.replace("other: {}", "other: {slots: {apart/x: [[0, 1]]}}")},
        set(),
    ),
    "layers that cannot be read": ({"layers.yaml": "checkout: [\n"}, {"one", "two"}),
}


@pytest.mark.parametrize(("files", "expected"), LAYER_CASES.values(), ids=LAYER_CASES.keys())
def test_layers(
    layered: tuple[FlagRepository, Path], files: dict[str, str], expected: set[str]
) -> None:
    repository, out = layered
    repository.write(files)
    made = repository.build(out)
    assert codes(made)
    assert set(held(made)) == expected
    assert "apart" in served(made)


def test_a_layer_is_followed_through_who_depends_on_whom(
    layered: tuple[FlagRepository, Path],
) -> None:
    """A flag that is held for its prerequisite's sake has slots that others may not take."""
    repository, out = layered
    needing = experiment("\nrequires: [{flag: apart, serves: [on]}]")
    repository.write({"flags/one.yaml": needing})
    repository.publish(out)
    moved = LAYERS.replace("[0, 10]", "[30, 40]").replace("[10, 20]", "[0, 10]")
    repository.write({"flags/apart.yaml": "default: [\n", "layers.yaml": moved})
    assert set(held(repository.build(out))) == {"apart", "one", "two"}


def test_only_burgee_yaml_and_no_tenant_stop_everything(
    repository: FlagRepository, out: Path
) -> None:
    for text in ("environments: [\n", "environments: []\n", "epoch: 1\n"):
        repository.write({"burgee.yaml": text})
        assert repository.build(out).environments == []
    repository.write({"burgee.yaml": "environments: [production]\nlevels: {B999: off}\n"})
    assert codes(repository.build(out)) == ["B218"]
    assert repository.build(out).environments == []
    repository.write({"burgee.yaml": "environments: [production]\n"})
    assert repository.build(out).environments
    repository.remove("acme")
    assert codes(repository.build(out)) == ["B128"]
    assert repository.build(out).environments == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"acme/tenant.yaml": "nmae: x\n"}, "B201"),
        ({"my tenant/flags/a.yaml": "default: on\n"}, "B125"),
        ({"flags/bad name.yaml": "default: on\n"}, "B125"),
        ({"other/flags/a.yaml": "default: [\n"}, "B106"),
    ],
)
def test_mistakes_that_hold_no_flag(
    repository: FlagRepository, out: Path, files: dict[str, str], code: str
) -> None:
    before = manifests(repository.build())["production"]["acme"]
    repository.write(files)
    made = repository.publish(out, held=True)
    assert codes(made) == [code]
    assert manifests(made)["production"]["acme"] == before


def test_attributes_that_cannot_be_read_are_kept(repository: FlagRepository, out: Path) -> None:
    repository.write({"acme/attributes.yaml": "plan: {type: string}\n"})
    before = repository.publish(out)
    repository.write({"acme/attributes.yaml": "plan: [\n"})
    assert manifests(repository.build(out)) == manifests(before)
    repository.remove("acme/attributes.yaml")
    repository.write({"flags/new.yaml": "default: [\n"})
    assert manifests(repository.build(out)) != manifests(before)


def test_a_folder_that_cannot_be_looked_into_takes_no_flag_away(
    repository: FlagRepository, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def guarded(path: Path) -> object:
        if Path(path).name == "flags" and Path(path).parent.name == "acme":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    before = served(repository.build()).keys()
    monkeypatch.setattr(os, "scandir", guarded)
    made = repository.build(out)
    assert codes(made) == ["B129"]
    assert served(made).keys() == before
    assert set(held(made)) == set(before)


def test_the_manifest_says_what_is_held(repository: FlagRepository, out: Path) -> None:
    facts = repository.facts()
    assert facts is not None
    repository.commit({"flags/apart.yaml": "default: [\n"})
    made = repository.publish(out, held=True)
    last = read_last_good(read_folder(out / "production"), "production")
    assert last is not None
    assert last.tenants["acme"].held == {"apart": facts.commit}
    assert last.commit != facts.commit
    assert production(made).held == {"acme": {"apart": facts.commit}}


def test_the_output_depends_on_the_tree_and_the_held_entries_alone(
    repository: FlagRepository, out: Path, tmp_path: Path
) -> None:
    repository.commit({"flags/apart.yaml": "default: [\n", "flags/new.yaml": "default: on\n"})
    once = repository.build(out)
    clone = tmp_path / "clone"
    git(repository.root, "clone", "--quiet", ".", str(clone))
    cloned = FlagRepository(clone, {"burgee.yaml": (clone / "burgee.yaml").read_bytes()})
    assert cloned.build(out).environments == once.environments
    repository.publish(out, held=True)
    assert repository.build(out).environments == once.environments


def test_each_test_is_told_once(repository: FlagRepository, out: Path) -> None:
    text = "tests: [{it: good, expect: {variant: on}}, {it: bad, expect: {variant: off}}]\n"
    segment = "members: [u]\ntests: [{it: bad, expect: {member: true}}]\n"
    repository.write({"flags/apart.yaml": "default: on\n" + text, "segments/inner.yaml": segment})
    made = repository.build(out)
    told = [(each.subject, each.name, each.environment) for each in made.tests if each.found]
    assert sorted(told) == sorted(set(told))
    assert {each[0] for each in told} == {"acme/apart", "acme/@inner"}
    failed = [each for each in made.found if each.code == "B601"]
    assert [each.notes for each in failed] == [("also in production",)] * 2
    assert "staging" in failed[0].message


# --- the last good build itself ------------------------------------------------------------------


def corrupt(find: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def apply(folder: Path) -> object:
        (path,) = folder.glob(find)
        return path.write_bytes(change(path.read_bytes()))

    return apply


def replace_by_folder(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "manifest cut": corrupt("manifest.json", lambda data: data[:-1]),
    "manifest empty": corrupt("manifest.json", lambda data: b""),
    "manifest of another environment": corrupt(
        "manifest.json", lambda data: data.replace(b"production", b"staging")
    ),
    "manifest of a newer format": corrupt(
        "manifest.json", lambda data: data.replace(b'"format":[1,0]', b'"format":[2,0]')
    ),
    "tenant out of the folder": corrupt(
        "manifest.json", lambda data: data.replace(b'"acme"', b'"../acme"')
    ),
    "manifest is a folder": replace_by_folder,
    "tenant's manifest changed": corrupt("acme/manifest-*", lambda data: data + b" "),
    "flags cut": corrupt("acme/flags-*", lambda data: data[:-1]),
    "flags gone": lambda folder: next(folder.glob("acme/flags-*")).unlink(),
    "segments changed": corrupt("acme/segments-*", lambda data: data.replace(b"inner", b"xnner")),
    "members gone": lambda folder: next(folder.glob("acme/members-*")).unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_build_is_refused(
    repository: FlagRepository, out: Path, damage: Callable[[Path], object]
) -> None:
    damage(out / "production")
    with pytest.raises(Refused):
        repository.build(out)


def test_no_build_at_all_is_none(tmp_path: Path) -> None:
    assert read_last_good(read_folder(tmp_path / "none"), "production") is None
    (tmp_path / "production").mkdir()
    assert read_last_good(read_folder(tmp_path / "production"), "production") is None
