"""Made-up flag repositories of any size, the same for the same number."""

from __future__ import annotations

from pathlib import Path

__all__ = ["flag_path", "write_repository"]

_FLAG = """\
name: Flag {n}
owner: team-{team}
tags: [generated]
rules:
  - name: internal
    when: {{segment: group-{segment}}}
    serve: "on"
  - name: plans
    when: [{{attribute: plan, in: [enterprise, premium]}}, {{attribute: country, eq: DE}}]
    serve: "on"
  - name: ramp
    when: {{attribute: app.version, semver_gte: 3.{minor}.0}}
    percentage: {percentage}
    serve: "on"
default: "off"
environments:
  staging: {{default: "on"}}
tests:
  - it: is off for strangers
    environment: production
    context: {{targetingKey: u1}}
    expect: {{variant: "off", reason: default}}
  - it: is on for all of staging
    environment: staging
    context: {{targetingKey: u1, plan: free}}
    expect: {{variant: "on", reason: default}}
"""
_SEGMENT = """\
when: {{attribute: group, eq: g{n}}}
members: [user-{n}]
"""


def write_repository(root: Path, flags: int, segments: int = 200) -> Path:
    """Write `flags` flags with three rules, and a test in each of two environments.

    The segments are shared: each flag's first rule names one. Return the repository's root.
    """
    (root / "acme" / "segments").mkdir(parents=True)
    (root / "burgee.yaml").write_text("environments: [staging, production]\n")
    for n in range(segments):
        (root / "acme" / "segments" / f"group-{n}.yaml").write_text(_SEGMENT.format(n=n))
    for n in range(flags):
        path = flag_path(root, n)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = _FLAG.format(
            n=n, team=n % 20, segment=n % segments, minor=n % 50, percentage=n % 100 + 0.5
        )
        path.write_text(text)
    return root


def flag_path(root: Path, n: int) -> Path:
    """Return where a flag's file stands, by its number."""
    return root / "acme" / "flags" / f"area-{n // 100}" / f"flag-{n}.yaml"
