"""What each commit says that the flags serve, read from git alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from support.flag_repository import git

__all__ = ["ARMS", "FLAGS", "Expected", "expected_by_version", "files"]

FLAGS: Final = ("pair.left", "pair.right")
ARMS: Final = "arms"
_VALUE: Final = re.compile(r"value: ['\"]?(v\d+)")
_COUNTED: Final = 1_000  # flags beside the pair, so that a set is as large as a real one

Expected = dict[str, str]


def files(flags: int = _COUNTED) -> dict[str, str]:
    """Return the repository to begin with: a pair that always changes together, a split, others,
    and a tenant that makes mistakes.
    """
    made = {f"acme/flags/pair/{side}.yaml": flag_text(0) for side in ("left", "right")}
    made["acme/flags/arms.yaml"] = "variants: [a, b, c]\ndefault: {split: {a: 50, b: 30, c: 20}}\n"
    made |= {f"acme/flags/area/flag-{n}.yaml": "default: off\n" for n in range(flags)}
    made["globex/flags/steady.yaml"] = "default: on\n"
    made["globex/flags/mistaken.yaml"] = "default: on\n"
    return {"burgee.yaml": "environments: [production]\n", **made}


def flag_text(number: int) -> str:
    """Return a flag that serves the string `v<number>` to all."""
    return f"type: string\nvariants: {{only: {{value: v{number}}}}}\ndefault: only\n"


def expected_by_version(bare: Path) -> dict[str, Expected]:
    """Return, by version, what the pair serves as of that commit."""
    found: dict[str, Expected] = {}
    commits = git(bare, "rev-list", "--first-parent", "--reverse", "main").split()
    for commit in commits:
        sequence = git(bare, "rev-list", "--count", commit)
        texts = {
            key: git(bare, "show", f"{commit}:acme/flags/{key.replace('.', '/')}.yaml")
            for key in FLAGS
        }
        found[f"{sequence}-{commit[:7]}"] = {key: _served(text) for key, text in texts.items()}
    return found


def _served(text: str) -> str:
    value = _VALUE.search(text)
    assert value is not None, text
    return value[1]
