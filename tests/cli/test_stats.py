"""Promise: `burgee stats` counts what is there, as it stands in each environment at an instant."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import run_burgee
from support.dated_repository import DatedRepository

TRIAL = """\
kind: experiment
owner: growth
tags: [web, shop]
variants: [a, b]
default: a
overrides: [{user: u1, serve: b}, {user: u2, serve: b, expires: 2026-03-01}]
rules:
  - name: trial
    experiment: {status: running, control: a}
    serve: {split: {a: 1, b: 1}}
    environments:
      staging: {experiment: {status: paused, control: a}}
tests: [{at: 2026-04-01, context: {targetingKey: u1}, expect: {variant: b}}]
"""
TIMED = """\
tags: [web]
expires: 2026-04-15
default: {serve: on, percentage: 5}
schedule: [{at: 2026-05-01, set: {state: off}}]
"""


@pytest.fixture
def repo(tmp_path: Path) -> DatedRepository:
    made = DatedRepository(
        tmp_path / "flags",
        {
            "flags/trial.yaml": TRIAL,
            "flags/timed.yaml": TIMED,
            "flags/broken.yaml": "default: [",
            "segments/unused.yaml": "members: [u1]\n",
            "beta/flags/old.yaml": "default: on\n",
        },
    )
    made.commit_on("2026-01-01", "New")
    return made


def test_figures(repo: DatedRepository) -> None:
    done = run_burgee("stats", "--at", "2026-04-20", "--json", cwd=repo.root)
    assert done.returncode == 0, done.shown
    shown = done.json()
    acme, beta = shown["tenants"]
    assert acme == {
        "tenant": "acme",
        "flags": 3,
        "unread": 1,
        "segments": 1,
        "tests": 1,
        "untested": 1,
        "kinds": {"experiment": 1, "release": 1},
        "types": {"boolean": 1, "string": 1},
        "owners": {"(none)": 1, "growth": 1},
        "tags": {"web": 2, "shop": 1},
        "environments": {
            "staging": {
                "on": 2,
                "off": 0,
                "rules": 1,
                "overrides": 1,
                "experiments": {"paused": 1},
            },
            "production": {
                "on": 2,
                "off": 0,
                "rules": 1,
                "overrides": 1,
                "experiments": {"running": 1},
            },
        },
        "stale": {"expired": 1, "unused": 1},
        "stale_flags": 1,
        "stale_segments": 1,
    }
    assert beta["stale"] == {"constant": 1}
    total = shown["total"]
    assert (total["tenant"], total["flags"], total["segments"]) == (None, 4, 1)
    assert total["environments"]["production"]["on"] == 3
    assert total["kinds"] == {"release": 2, "experiment": 1}


def test_it_looks_at_the_clock(repo: DatedRepository) -> None:
    def production(at: str) -> tuple[int, int, int]:
        here = ("-t", "acme", "-e", "production")
        shown = run_burgee("stats", *here, "--at", at, "--json", cwd=repo.root)
        (tenant,) = shown.json()["tenants"]
        (found,) = tenant["environments"].values()
        return found["on"], found["off"], found["overrides"]

    assert production("2026-02-01") == (2, 0, 2)
    assert production("2026-06-01") == (1, 1, 1)


def test_text(repo: DatedRepository) -> None:
    done = run_burgee("stats", "--at", "2026-04-20", cwd=repo.root)
    assert (
        done.stdout
        == """\
acme: 3 flags, 1 segment, 1 test
  1 flag not read: `burgee check` says why
              on  off  rules  overrides  draft  running  paused  concluded
  staging      2    0      1          1      0        0       1          0
  production   2    0      1          1      0        1       0          0
  kind       experiment 1, release 1
  type       boolean 1, string 1
  owner      (none) 1, growth 1
  tag        web 2, shop 1
  untested   1 flag
  stale      1 flag and 1 segment (expired 1, unused 1)

beta: 1 flag, 0 segments, 0 tests
              on  off  rules  overrides  draft  running  paused  concluded
  staging      1    0      0          0      0        0       0          0
  production   1    0      0          0      0        0       0          0
  kind       release 1
  type       boolean 1
  owner      (none) 1
  untested   1 flag
  stale      1 flag (constant 1)

all tenants: 4 flags, 1 segment, 1 test
  1 flag not read: `burgee check` says why
              on  off  rules  overrides  draft  running  paused  concluded
  staging      3    0      1          1      0        0       1          0
  production   3    0      1          1      0        1       0          0
  kind       release 2, experiment 1
  type       boolean 2, string 1
  owner      (none) 2, growth 1
  tag        web 2, shop 1
  untested   2 flags
  stale      2 flags and 1 segment (constant 1, expired 1, unused 1)
"""
    )


def test_unknown_names_are_2(repo: DatedRepository) -> None:
    tenant = run_burgee("stats", "--tenant", "acmee", cwd=repo.root)
    environment = run_burgee("stats", "-e", "prod", cwd=repo.root)
    assert (tenant.returncode, environment.returncode) == (2, 2)
    assert "did you mean acme?" in tenant.stderr
