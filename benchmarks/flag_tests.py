"""`burgee test` over ten thousand tests, as a whole process: nothing known, and once more.

The tests stand in a thousand flags of four rules each, ten a flag: plain ones, ones that pin a
bucket, and exact shares; each names its environment. Run: python -m benchmarks.flag_tests [FLAGS]
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks._claims import Claim, print_claims
from benchmarks._processes import burgee, environment, median, run

__all__ = ["claims", "main"]

_FLAGS: Final = 1_000
_TESTS: Final = 10
_MOST: Final = 3.0
_RUNS: Final = 3
_FLAG: Final = """\
owner: team-{n}
variants: [control, compact, wide]
off_variant: control
rules:
  - name: staff
    when: {{segment: group-{segment}}}
    serve: wide
  - name: plans
    when: [{{attribute: plan, in: [enterprise, premium]}}, {{attribute: country, eq: DE}}]
    serve: compact
  - name: trial
    when: {{attribute: plan, eq: trial}}
    serve: {{split: {{control: 50, compact: 30, wide: 20}}}}
  - name: ramp
    when: {{attribute: app.version, semver_gte: 3.{minor}.0}}
    percentage: 25
    serve: wide
default: control
tests:
"""
_SEGMENT: Final = "when: {{attribute: group, eq: g{n}}}\n"
_CASES: Final = (
    "context: {{targetingKey: u{i}}}, expect: {{variant: control, reason: default}}",
    "context: {{targetingKey: u{i}, group: g{segment}}}, expect: {{variant: wide, rule: staff}}",
    "context: {{plan: premium, country: DE}}, expect: {{variant: compact, rule: plans}}",
    "context: {{plan: trial}}, bucket: 0.2, expect: {{variant: compact, rule: trial}}",
    "context: {{plan: trial}}, expect: {{shares: {{control: 50, compact: 30, wide: 20}}}}",
    "context: {{app: {{version: 3.99.0}}}}, expect: {{shares: {{control: 75, wide: 25}}}}",
    "context: {{app: {{version: 3.99.0}}}}, bucket: 0.2, expect: {{value: wide, rule: ramp}}",
)


def _write(root: Path, flags: int) -> Path:
    (root / "acme" / "segments").mkdir(parents=True)
    (root / "burgee.yaml").write_text("environments: [staging, production]\n")
    for n in range(50):
        (root / "acme" / "segments" / f"group-{n}.yaml").write_text(_SEGMENT.format(n=n))
    for n in range(flags):
        folder = root / "acme" / "flags" / f"area-{n // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [_FLAG.format(n=n, segment=n % 50, minor=n % 50)]
        for i in range(_TESTS):
            case = _CASES[i % len(_CASES)].format(i=i, segment=n % 50)
            where = "staging" if i % 2 else "production"
            lines.append(f"  - {{it: case {i}, environment: {where}, {case}}}\n")
        (folder / f"flag-{n}.yaml").write_text("".join(lines))
    return root


def claims(flags: int = _FLAGS) -> list[Claim]:
    """Measure, and return what is claimed of flag tests beside its target."""
    with TemporaryDirectory() as folder:
        env = environment(Path(folder) / "user")
        small = _write(Path(folder) / "small", 10)
        run(burgee("test", small), env)  # bytecode
        command = burgee("test", _write(Path(folder) / "repo", flags))
        cold, warm = [], []
        for _ in range(_RUNS):
            shutil.rmtree(env["XDG_CACHE_HOME"], ignore_errors=True)
            cold.append(run(command, env))
            warm.append(run(command, env))
        covered = median([run([*command, "--coverage"], env) for _ in range(_RUNS)])
    made = []
    for name, took in (
        ("nothing known", median(cold)),
        ("again", median(warm)),
        ("again, with --coverage", covered),
    ):
        figure = f"{took.seconds:.2f} s"
        note = f"whole process, processor {took.processor:.2f} s"
        title = f"burgee test, {flags * _TESTS:,} tests, {name}"
        made.append(Claim(title, figure, f"≤ {_MOST:g} s", took.seconds <= _MOST, note))
    return made


def main(flags: int) -> None:
    """Print each target with its figure."""
    print_claims(claims(flags))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _FLAGS)
