"""Half a year of a small shop's flags, as commits with dates; and code that names some of them."""

from __future__ import annotations

from pathlib import Path

from support.dated_repository import DatedRepository

__all__ = ["NOW", "shop_code", "shop_history"]

NOW = "2026-07-01T09:00:00Z"
_ONE_PAGE = """\
# The new checkout.
name: One-page checkout
owner: team-checkout
tags: [checkout]
expires: 2026-06-15
rules:
  - name: testers
    when: {segment: testers}
    serve: on
  - name: ramp
    percentage: 10
    serve: on
default: off
tests:
  - it: is on for testers
    context: {targetingKey: u7, email: ann@shop.example}
    expect: {variant: on, rule: testers}
  - it: starts small
    environment: production
    expect: {shares: {on: 10, off: 90}}
"""
_BADGES = """\
owner: team-growth
kind: experiment
variants: [none, seal, stars]
default: none
rules:
  - name: which-badge
    when: {attribute: country, in: [DE, FR]}
    experiment: {status: running, control: none}
    serve:
      split:
        none: 50
        seal: 25
        stars: 25
tests:
  - it: shows stars to a quarter
    context: {country: DE}
    bucket: 0.8
    expect: {variant: stars, reason: experiment_assigned}
"""
_KILL = "kind: ops\nowner: team-platform\ndefault: on\n"
_TESTERS = """\
when: {attribute: email, endswith: "@shop.example"}
tests:
  - {it: takes our own, context: {email: ann@shop.example}, expect: {member: true}}
"""


def shop_history(root: Path) -> DatedRepository:
    """Make the repository; its commits have the same ids every time."""
    repo = DatedRepository(root)
    repo.commit_on(
        "2026-01-12",
        "Checkout on one page",
        {
            "flags/checkout/one-page.yaml": _ONE_PAGE,
            "flags/ops/recommendations.yaml": _KILL,
            "segments/testers.yaml": _TESTERS,
            "segments/vip.yaml": "members: [u1, u2]\n",
        },
    )
    repo.commit_on(
        "2026-02-02", "Try badges", {"flags/checkout/badges.yaml": _BADGES}, author="Bob"
    )
    half = _ONE_PAGE.replace("percentage: 10", "percentage: 50").replace(
        "{on: 10, off: 90}", "{on: 50, off: 50}"
    )
    repo.commit_on("2026-03-02", "Half of all", {"flags/checkout/one-page.yaml": half})
    repo.commit_on(
        "2026-03-09",
        "Testers by group",
        {"segments/testers.yaml": _TESTERS.replace("endswith", "contains")},
        author="Bob",
    )
    open_ = _ONE_PAGE.partition("rules:")[0] + "default: on\n"
    repo.commit_on("2026-04-13", "Open the new checkout", {"flags/checkout/one-page.yaml": open_})
    won = _BADGES.replace("status: running", "status: concluded, winner: seal")
    won = won.partition("tests:")[0]
    repo.commit_on("2026-05-04", "Seals sell", {"flags/checkout/badges.yaml": won}, author="Bob")
    return repo


def shop_code(root: Path) -> Path:
    """Write an app's code."""
    files = {
        "app/checkout.py": 'ONE_PAGE = "checkout.one-page"\n',
        "web/src/cart.ts": (
            "// 'checkout.badges' is asked by the page itself\n"
            "const page = client.getBooleanValue('checkout.one-page', false);\n"
            "const badge = client.getStringValue('checkout.badge', 'none');\n"
        ),
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
