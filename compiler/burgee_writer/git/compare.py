"""Where a forge shows a branch for review, by the address that it is cloned from."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

__all__ = ["compare_url"]

# git@github.com:acme/flags.git, ssh://git@host:22/acme/flags.git, https://token@host/acme/flags
_SCP: Final = re.compile(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!//)([A-Za-z0-9._~/-]+)")
_URL: Final = re.compile(
    r"(?:https|ssh|git)://(?:[^@/]+@)?([A-Za-z0-9.-]+)(?::[0-9]+)?/([A-Za-z0-9._~/-]+)"
)
_FORMS: Final = {
    "github": "https://{host}/{path}/compare/{base}...{branch}?expand=1",
    "gitlab": "https://{host}/{path}/-/compare/{base}...{branch}",
    "bitbucket": "https://{host}/{path}/branch/{branch}?dest={base}",
    "codeberg": "https://{host}/{path}/compare/{base}...{branch}",
    "gitea": "https://{host}/{path}/compare/{base}...{branch}",
}


def compare_url(source: str, base: str, branch: str) -> str | None:
    """Return the page that compares a branch with `base`; None for a forge that is not known.

    A forge is known by a part of its host's name: github, gitlab, bitbucket, codeberg, gitea.
    """
    match = _URL.fullmatch(source) or _SCP.fullmatch(source)
    if match is None:
        return None
    host, path = match[1].lower(), match[2].strip("/").removesuffix(".git")
    for name, form in _FORMS.items():
        if name in host:
            return form.format(
                host=host, path=path, base=quote(base, safe="/"), branch=quote(branch, safe="/")
            )
    return None
