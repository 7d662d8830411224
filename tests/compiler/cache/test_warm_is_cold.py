"""Promise: whatever was edited in between, a build from the cache is the build without one."""

from collections.abc import Mapping
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from burgee.load import Read
from burgee_compiler.build import Build, build, check
from burgee_compiler.cache.remembered import RememberedMemo
from burgee_compiler.hold import LastGood, read_last_good
from burgee_compiler.load import load_repository
from support.memory_store import InMemory
from support.memory_tree import MemoryTree

_PLAIN = 'default: "on"\n'
_TESTED = """\
rules: [{name: some, when: {segment: s}, serve: "on"}]
default: "off"
tests: [{it: serves members, context: {targetingKey: u1}, expect: {variant: "on"}}]
"""
_NEEDS = """\
requires: [{flag: a, serves: ["on"]}]
rules: [{name: asks, when: {flag: b, serves: ["on"]}, percentage: 20, serve: "on"}]
default: "off"
environments: {staging: {default: "on"}}
tests: [{environment: staging, context: {targetingKey: u1}, expect: {variant: "on"}}]
"""
_CUT = "rules: [{name: cut, when: {attribute: country, in: DE, FR}, serve: on}]\ndefault: off\n"
_LAYERED = """\
variants: [control, b]
rules:
  - name: try
    experiment: {status: running, control: control, layer: main}
    serve: {split: {control: 50, b: 50}}
default: control
"""
_SPLIT = "variants: [x, y]\ndefault: {split: {x: 30, y: 70}}\n"
_LOCK = """\
tables:
  - table: default
    environments: [production, staging]
    weights: {x: 50, y: 50}
    ranges: {x: [[0, 50000]], y: [[50000, 100000]]}
"""
_SHADOWED = """\
rules:
  - {name: first, when: {attribute: plan, in: [pro, max]}, serve: "on"}
  - {name: second, when: {attribute: plan, eq: pro}, serve: "off"}  # burgee: allow B712 because so
default: "off"
expires: 2026-01-01
"""
_FREED = _SHADOWED.replace("[pro, max]", "[max]")
_EXCUSED = """\
rules:
  # burgee: allow B716, B721 because it rises and falls
  - {name: r, when: {attribute: plan, semver_gt: 1.0.0}, percentage: 100, serve: "on"}
default: "off"  # burgee: allow B725 because it stays
"""
_UNUSED = "when: {attribute: plan, in: [y]}\nenvironments: {staging: {members: [u1]}}\n"
_FILES: dict[str, tuple[str | None, ...]] = {
    "burgee.yaml": (
        "environments: [staging, production]\n",
        "environments: [production]\n",
        "environments: [staging, production]\nlevels: {B701: error}\nepoch: 2\n",
        "environments: [staging, production\n",
    ),
    "acme/flags/a.yaml": (
        _PLAIN,
        _TESTED,
        'default: "onn"\n',
        None,
        "default: {serve: on}\n",
        _CUT,
    ),
    "acme/flags/b.yaml": (_PLAIN, _NEEDS.replace("flag: b", "flag: c"), _TESTED, None, "- 1\n"),
    "acme/flags/c.yaml": (_NEEDS, _PLAIN, _NEEDS.replace("flag: a", "flag: aa"), None),
    "acme/flags/d.yaml": (_LAYERED, _LAYERED.replace("running", "draft"), _SPLIT, None),
    "acme/flags/d.lock.yaml": (None, _LOCK, _LOCK.replace("y: 50", "y: 51"), "tables: 1\n"),
    "acme/flags/A.yaml": (None, _PLAIN),
    "acme/flags/e.yml": (None, _PLAIN),
    "acme/layers.yaml": (
        "main: {slots: {d/try: [[0, 50]]}}\n",
        "main: {slots: {d/try: [[0, 60]]}, holdout: [[90, 100]]}\n",
        "other: {slots: {}}\n",
        "main: [\n",
        None,
    ),
    "acme/segments/s.yaml": (
        "members: [u1]\n",
        "when: {segment: t}\ntests: [{context: {plan: x}, expect: {member: true}}]\n",
        "members_file: s.csv\n",
        "members: [u2]\nexcluded: [u2]\n",
        None,
    ),
    "acme/segments/t.yaml": (
        "when: {attribute: plan, eq: x}\n",
        "when: {attribute: plan, eq: y}\nenvironments: {staging: {members: [u1]}}\n",
        "when: {segment: s}\n",
        None,
    ),
    "acme/segments/s.csv": (None, "u1\n", "u1\n u2\n"),
    "acme/segments/u.yaml": (
        None,
        "members: [u1]\n",
        "# burgee: allow B717, B718 because apps name it\nmembers: [u1]\n",
        "when: {attribute: plan, in: [x, x]}\n",
        "when: {attribute: plan, eq: 1.0}\nexcluded: [u3]\n",
        "when: {segment: t}\n",
    ),
    "acme/segments/v.yaml": (None, "when: {attribute: plan, eq: 1}\nexcluded: [u3]\n", _UNUSED),
    "acme/flags/f.yaml": (
        _SHADOWED,
        _FREED,
        _EXCUSED,
        _SHADOWED.replace("B712", "B713"),
        'rules: [{name: v, when: {not: {segment: v}}, serve: "on"}]\ndefault: "off"\n',
        None,
    ),
    "acme/flags/g.yaml": (None, _EXCUSED, _CUT, _FREED),
    "acme/attributes.yaml": (
        "plan: {type: string}\ncountry: {type: string}\n",
        "plan: {type: string, enum: [max, x]}  # burgee: allow B719 because\n",
        "plan: {type: semver}\n",
        "plan: {type: string}\n# burgee: allow B701 because none\n",
        None,
        "plan: [\n",
    ),
    "beta/flags/a.yaml": (None, _PLAIN, _TESTED),
}
_PATHS = sorted(_FILES)
_NOW = 1_793_491_200_000_000


class StampedTree(MemoryTree):
    """Files in memory that can tell, some of them, whether they may have changed."""

    def __init__(self, files: Mapping[str, str], stamped: bool) -> None:
        super().__init__(files)
        self._marks = {path: text.encode()[-20:] + text.encode() for path, text in files.items()}
        self._stamped = stamped

    def stamps(self) -> Mapping[str, bytes]:
        return self._marks if self._stamped else {}


_EDITS = st.tuples(st.sampled_from(_PATHS), st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5]))
_STEPS = st.lists(
    st.tuples(
        st.lists(_EDITS, max_size=2),
        st.sampled_from(["check", "now", "build", "hold"]),
        st.booleans(),
    ),
    min_size=2,
    max_size=7,
)
_START = st.fixed_dictionaries({path: st.sampled_from([0] * 15 + [1]) for path in _PATHS})


@given(_START, _STEPS)
def test_warm_is_cold(start: dict[str, int], steps: list[Any]) -> None:
    store, state = InMemory(), dict(start)
    last: dict[str, LastGood | None] = {}
    for edits, what, stamped in steps:
        state |= dict(edits)
        tree = StampedTree(_texts(state), stamped)
        memo = RememberedMemo(store)
        cold, warm = load_repository(MemoryTree(_texts(state))), load_repository(tree, memo)
        assert warm.found == cold.found
        assert warm.files == cold.files
        if what in ("check", "now"):
            now = _NOW if what == "now" else None
            found = check(cold, now=now)
            assert check(warm, now=now) == found
            for code in {each.code for each in found}:
                event(f"{what}: {code}")
        else:
            before = last.get if what == "hold" else None
            made = build(cold, None, before)
            assert build(warm, None, before) == made
            event(f"{what}: {'built' if made.environments else 'not built'}")
            last |= _last_good(made)
        memo.save()


def _texts(state: Mapping[str, int]) -> dict[str, str]:
    chosen = {path: _FILES[path][index % len(_FILES[path])] for path, index in state.items()}
    return {path: text for path, text in chosen.items() if text is not None}


def _last_good(made: Build) -> dict[str, LastGood | None]:
    return {
        each.environment: read_last_good(
            _reader({**each.files, "manifest.json": each.manifest}), each.environment
        )
        for each in made.environments
    }


def _reader(files: Mapping[str, bytes]) -> Read:
    return files.__getitem__
