"""Promise: a plan warns of what its pages say, of nothing else, and not once it is mended.

The examples on the pages are run; then a table of cases has each risk's other faces, and changes
beside it that are none.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from burgee.instants import parse_instant
from burgee_compiler.build import check
from burgee_compiler.plan.compare import Revision, plan
from burgee_compiler.plan.report import Plan
from support.memory_tree import repository_of

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "diagnostics"
CODES = [f"B{number}" for number in range(901, 915)]
FLAG = "acme/flags/fields.yaml"
NOW = parse_instant("2026-11-27T12:00:00Z") or 0
BURGEE = "environments: [staging, production]\n"
TEST = """\
rules:
  - name: {name}
    experiment: {{status: running, control: off, layer: checkout}}
    serve: {{split: {{on: 50, off: 50}}}}
default: off
"""
IN_A_LAYER = {
    "acme/flags/badges.yaml": TEST.format(name="badge-test"),
    "acme/flags/buttons.yaml": TEST.format(name="button-test"),
}
Files = dict[str, str]


def files_of(text: str) -> Files:
    """Return the files of an example: one flag, or several, each under a comment with its name."""
    parts = re.split(r"^# ([\w.-]+\.yaml)\n", text, flags=re.MULTILINE)
    found = {FLAG: parts[0]} if parts[0] else {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        found[f"acme/{name}" if name == "layers.yaml" else f"acme/flags/{name}"] = body
    if "acme/layers.yaml" in found:
        found |= IN_A_LAYER
    return {"burgee.yaml": BURGEE, "acme/tenant.yaml": "name: Acme\n", **found}


def plan_of(before: Files, after: Files) -> Plan:
    base, head = (
        Revision(name, repository_of(each)) for name, each in (("base", before), ("head", after))
    )
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return plan(base, head, NOW, changed, ())


def codes_of(before: Files, after: Files) -> set[str]:
    found = plan_of(before, after)
    risks = [*found.risks, *(risk for flag in found.flags for risk in flag.risks)]
    assert all(risk.help for risk in risks), "each says what to do"
    return {risk.code for risk in risks}


def examples(code: str) -> list[str]:
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    found = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return found if len(found) == 3 else [found[0], "", *found[1:]]


@pytest.mark.parametrize("code", CODES)
def test_the_page_tells_the_truth(code: str) -> None:
    before, after, mended = map(files_of, examples(code))
    assert code in codes_of(before, after)
    assert code not in codes_of(before, mended)
    assert codes_of(before, before) == set()


EXPERIMENT = """\
rules:
  - name: test
    when: {segment: readers}
    experiment: {status: running, control: off}
    serve: {split: {on: 50, off: 50}}
default: off
"""
RAMP = "owner: us\ndefault: {serve: on, percentage: 10}\n"
CASES = {
    # experiments
    "a draft may be re-weighted": (
        EXPERIMENT.replace("running", "draft"),
        EXPERIMENT.replace("running", "draft").replace("on: 50", "on: 90"),
        "",
    ),
    "one that is over may": (
        EXPERIMENT.replace("    serve", "    ends: 2026-11-01\n    serve"),
        EXPERIMENT.replace("    serve", "    ends: 2026-11-01\n    serve").replace("50,", "90,"),
        "",
    ),
    "of a flag that is off it may": (
        "state: off\n" + EXPERIMENT,
        "state: off\n" + EXPERIMENT.replace("on: 50", "on: 90"),
        "",
    ),
    "the same weights in other numbers are none": (
        EXPERIMENT,
        EXPERIMENT.replace("on: 50, off: 50", "on: 1, off: 1"),
        "",
    ),
    "a new hypothesis is none": (
        EXPERIMENT,
        EXPERIMENT.replace("control: off", "control: off, hypothesis: Better"),
        "",
    ),
    "more traffic is none": (
        EXPERIMENT.replace("    serve", "    percentage: 10\n    serve"),
        EXPERIMENT.replace("    serve", "    percentage: 20\n    serve"),
        "",
    ),
    "it starts": (EXPERIMENT.replace("running", "draft"), EXPERIMENT, ""),
    "it is concluded": (EXPERIMENT, EXPERIMENT.replace("running", "concluded, winner: on"), ""),
    "another control": (
        EXPERIMENT,
        EXPERIMENT.replace("control: off", "control: on"),
        "B901",
    ),
    "an arm serves another value": (
        "variants: {a: {value: 1}, b: {value: 2}}\n"
        + EXPERIMENT.replace("on:", "a:").replace("off:", "b:").replace("off", "b"),
        "variants: {a: {value: 1}, b: {value: 3}}\n"
        + EXPERIMENT.replace("on:", "a:").replace("off:", "b:").replace("off", "b"),
        "B901",
    ),
    "another unit": (EXPERIMENT, EXPERIMENT + "by: account.id\n", "B902"),
    "another seed of the flag": (EXPERIMENT, EXPERIMENT + "seed: other\n", "B902"),
    "it is paused": (EXPERIMENT, EXPERIMENT.replace("running", "paused"), "B904"),
    "it is a draft again": (EXPERIMENT, EXPERIMENT.replace("running", "draft"), "B904"),
    "it is switched off": (EXPERIMENT, EXPERIMENT + "state: off\n", "B904"),
    "its rule goes": (EXPERIMENT, "default: off\n", "B904"),
    "it ended yesterday": (
        EXPERIMENT,
        EXPERIMENT.replace("    serve", "    ends: 2026-11-26\n    serve"),
        "B904 B910",
    ),
    "a rule comes before it": (
        EXPERIMENT,
        EXPERIMENT.replace("rules:\n", "rules:\n  - {name: new, serve: on, percentage: 5}\n"),
        "B904",
    ),
    "a rule comes behind it": (
        EXPERIMENT,
        EXPERIMENT.replace("default:", "  - {name: new, serve: on, percentage: 5}\ndefault:"),
        "",
    ),
    "the flag requires another": (
        EXPERIMENT,
        EXPERIMENT + "requires: [{flag: other, serves: [on]}]\n",
        "B903",
    ),
    # switches, owners, dates
    "a step switches on what is on": (
        RAMP,
        RAMP + "schedule: [{at: 2027-01-01, set: {state: on}}]\n",
        "B907",
    ),
    "a step switches on for the first time": (
        "state: off\n" + RAMP,
        "state: off\n" + RAMP + "schedule: [{at: 2027-01-01, set: {state: on}}]\n",
        "",
    ),
    "an environment is switched off": (
        RAMP,
        RAMP + "environments: {production: {state: off}}\n",
        "B911",
    ),
    "a step fills the ramp": (
        RAMP,
        RAMP + "schedule: [{at: 2027-01-01, set: {default: on}}]\n",
        "B906",
    ),
    "a moving percentage fills it": (
        RAMP,
        RAMP.replace("10", "{from: 10, to: 100, start: 2027-01-01, end: 2027-02-01}"),
        "B906",
    ),
    "it was full before": ("default: on\n", "default: {serve: on, percentage: 100}\n", ""),
    "an override that has ended": (
        RAMP,
        RAMP + "overrides: [{user: u1, serve: on, expires: 2026-11-01}]\n",
        "B910",
    ),
    "an override that ends": (
        RAMP,
        RAMP + "overrides: [{user: u1, serve: on, expires: 2026-12-01}]\n",
        "",
    ),
    "a step that is due": (
        RAMP,
        RAMP + "schedule: [{at: 2026-11-01, set: {default: on}}]\n",
        "B906 B910",
    ),
    "stopped past its date": (
        RAMP + "expires: 2026-06-01\n",
        RAMP + "expires: 2026-06-01\nstate: off\n",
        "",
    ),
    # code, tables
    "a variant comes": (
        "variants: [a, b]\ndefault: a\n",
        "variants: [a, b, c]\ndefault: a\n",
        "",
    ),
    "a variant goes": (
        "variants: [a, b, c]\ndefault: a\n",
        "variants: [a, b]\ndefault: a\n",
        "B912",
    ),
    "pages lose it": (RAMP + "client_side: true\n", RAMP, "B912"),
    "another seed where nobody is drawn": ("default: on\n", "default: on\nseed: other\n", ""),
    "another seed": (RAMP, RAMP + "seed: other\n", "B913"),
    "another unit of the flag": (RAMP, RAMP + "by: account.id\n", "B913"),
    "two arms move the least without a lock": (
        "default: {split: {on: 10, off: 90}}\n",
        "default: {split: {on: 20, off: 80}}\n",
        "",
    ),
    "metadata of a flag that others ask for": (
        RAMP,
        RAMP + "metadata: {tier: 1}\n",
        "",
    ),
    "only words": (RAMP, RAMP + "description: Words.\n", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_other_faces(case: str) -> None:
    before, after, expected = CASES[case]
    around = {
        "acme/segments/readers.yaml": "when: {attribute: reads, eq: true}\n",
        "acme/flags/other.yaml": "default: {serve: on, percentage: 50}\n",
        "acme/flags/above.yaml": dedent(
            """\
            rules:
              - {name: who, when: {flag: fields, serves: [on]}, serve: on}
            default: off
            """
        )
        if "others ask" in case
        else "default: off\n",
    }
    found = codes_of({**files_of(before), **around}, {**files_of(after), **around})
    assert found == set(expected.split())


def test_members_of_a_segment_change_who_is_tested() -> None:
    files = files_of(EXPERIMENT)
    segments = ["members: [u1]\n", "members: [u1, u2]\n"]
    before, after = ({**files, "acme/segments/readers.yaml": each} for each in segments)
    assert codes_of(before, after) == {"B903"}


def test_a_prerequisite_that_changes_changes_who_is_tested() -> None:
    files = files_of(EXPERIMENT.replace("{segment: readers}", "{flag: other, serves: [on]}"))
    shares = ["{serve: on, percentage: 10}", "{serve: on, percentage: 20}"]
    before, after = ({**files, "acme/flags/other.yaml": f"default: {each}\n"} for each in shares)
    assert codes_of(before, after) == {"B903", "B908"}


def test_an_environment_that_goes_is_told_once() -> None:
    files = files_of(RAMP)
    found = plan_of(files, {**files, "burgee.yaml": "environments: [production]\n"})
    assert [risk.code for risk in found.risks] == ["B914"]
    assert [risk for flag in found.flags for risk in flag.risks] == []


def test_levels_of_the_base_hold() -> None:
    before, after = files_of(RAMP), files_of(RAMP + "seed: other\n")
    quiet = {**before, "burgee.yaml": BURGEE + "levels: {B913: off}\n"}
    assert codes_of(quiet, after) == set()
    assert codes_of(before, {**after, "burgee.yaml": BURGEE + "levels: {B913: off}\n"}) == {"B913"}


def test_excuses_of_the_base_hold() -> None:
    excuse = "# burgee: allow B913 because nobody has seen it yet\n"
    excused, elsewhere = RAMP.replace("default", f"{excuse}default"), excuse + RAMP
    seed = "seed: other\n"
    assert codes_of(files_of(excused), files_of(excused + seed)) == set()
    assert codes_of(files_of(RAMP), files_of(excused + seed)) == {"B913"}, "not by itself"
    assert codes_of(files_of(elsewhere), files_of(elsewhere + seed)) == {"B913"}, "not there"
    assert check(repository_of(files_of(excused))) == []
