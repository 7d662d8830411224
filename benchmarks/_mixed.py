"""A repository of mixed flags: a third the same for all, a third of three ordered rules (a list, an
equality, a version), a third splits of 50, 30 and 20 percent with object values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["write_mixed"]

_SAME: Final = 'default: "{variant}"\n'
_RULED: Final = """\
rules:
  - {{name: one, when: {{attribute: plan, in: [{plans}]}}, serve: "on"}}
  - {{name: two, when: {{attribute: country, eq: {country}}}, serve: "on"}}
  - {{name: three, when: {{attribute: version, semver_gte: 3.{minor}.0}}, serve: "on"}}
default: "off"
"""
_SPLIT: Final = """\
variants:
  control: {{value: {{steps: 3, title: Checkout of mixed-{n}}}}}
  short: {{value: {{steps: 2, title: Checkout of mixed-{n}}}}}
  one-page: {{value: {{steps: 1, title: Checkout of mixed-{n}}}}}
default: {{split: {{control: 50, short: 30, one-page: 20}}}}
"""


def write_mixed(root: Path, flags: int) -> Path:
    """Write a repository of `flags` flags, the same for the same number; return its root."""
    folder = root / "acme" / "flags"
    folder.mkdir(parents=True)
    (root / "burgee.yaml").write_text("environments: [production]\n")
    for n in range(flags):
        (folder / f"mixed-{n}.yaml").write_text(_flag(n))
    return root


def _flag(n: int) -> str:
    if n % 3 == 0:
        return _SAME.format(variant="off" if n % 2 else "on")
    if n % 3 == 1:
        plans = "team, enterprise" if n % 4 == 0 else "enterprise, premium"
        country = ("FR", "DE", "IT", "ES")[n % 4]
        return _RULED.format(plans=plans, country=country, minor=n % 14)
    return _SPLIT.format(n=n)
