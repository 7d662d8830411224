"""Promise: after hundreds of edits of every kind through the API the repository passes
`burgee check`, comments and lines that nobody edited are as they were, the plan over all of them
and the audit tell of the same flags, and undoing goes back byte for byte.

`BURGEE_EDITS=500` makes so many.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import run_burgee
from support.flag_repository import git
from support.process import ROOT
from support.random_edits import RandomEdits
from support.writer_process import WriterProcess, writer_process

EDITS = int(os.environ.get("BURGEE_EDITS", "70"))
UNDONE = 20
TENANTS = ("acme", "otel-demo")
# What edits of files that were there at first may take lines out of.
EDITED = re.compile(
    r"(name|description|owner|metadata|tags|state|overrides|environments|members|schedule):"
    r"|  - \{user: user-|  - user-|  (development|staging|production): |    state: "
)

pytestmark = pytest.mark.slow


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


class Edited:
    """The repository after all edits, and what was made of it."""

    def __init__(self, root: Path, writer: WriterProcess, edits: RandomEdits, first: str) -> None:
        self.root = root
        self.writer = writer
        self.edits = edits
        self.first = first

    def text(self, rev: str, path: str) -> str:
        return git(self.root, "show", f"{rev}:{path}")

    def paths(self, *options: str) -> list[str]:
        shown = git(self.root, "diff", "--no-renames", *options, self.first, "HEAD")
        return shown.split("\n") if shown else []


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edited]:
    folder = tmp_path_factory.mktemp("edits")
    root = Path(shutil.copytree(ROOT / "flags-repo", folder / "flags"))
    settings = root / "burgee.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(re.sub(r"(?m)^policy:\n(  - .*\n)+", "", text), encoding="utf-8")
    for path in root.glob("*/flags/**/*.yaml"):
        if not path.name.endswith(".lock.yaml"):
            own = path.read_text(encoding="utf-8")
            own = re.sub(r"(?m)^default:", "# what all others get\ndefault:", own, count=1)
            path.write_text(f"# about {path.stem}\n{own}\n# the end\n", encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    first = git(root, "rev-parse", "HEAD")
    with writer_process(root, folder / "state", tenant=None) as writer:
        edits = RandomEdits(writer, TENANTS, seed=5)
        edits.make(EDITS)
        yield Edited(root, writer, edits, first)


def test_the_repository_is_sound(edited: Edited) -> None:
    ran = run_burgee("check", edited.root, cwd=edited.root)
    assert ran.returncode == 0, ran.shown
    assert run_burgee("test", edited.root, cwd=edited.root).returncode == 0
    git(edited.root, "fsck", "--strict")
    assert git(edited.root, "status", "--porcelain") == ""
    count = git(edited.root, "rev-list", "--count", f"{edited.first}..HEAD")
    assert int(count) == len(edited.edits.commits) == EDITS
    if EDITS >= 500:
        assert len(edited.edits.accepted) == 20, edited.edits.accepted


def test_comments_are_still_there(edited: Edited) -> None:
    kept = 0
    for path in git(edited.root, "ls-tree", "-r", "--name-only", edited.first).splitlines():
        if path.endswith(".yaml"):
            before = comments(edited.text(edited.first, path))
            after = comments((edited.root / path).read_text(encoding="utf-8"))
            assert after == before, path
            kept += len(after)
    assert kept > 150


def test_lines_that_nobody_edited_are_as_they_were(edited: Edited) -> None:
    """Of files that were there at first only lines of edited fields are gone; none is moved."""
    changed = edited.paths("--name-only", "--diff-filter=M")
    assert changed
    for path in changed:
        if path.endswith(".lock.yaml"):
            continue
        diff = git(edited.root, "diff", "--unified=0", edited.first, "HEAD", "--", path)
        gone = [line[1:] for line in diff.splitlines() if line.startswith("-")][1:]
        assert [line for line in gone if not EDITED.match(line)] == [], diff
    assert edited.paths("--name-only", "--diff-filter=D") == []
    for _, commit in edited.edits.commits:
        for line in git(edited.root, "show", "--format=", "--numstat", commit).splitlines():
            added, removed, path = line.split("\t")
            whole = edited.text(f"{commit}~1", path).count("\n") if removed != "0" else 0
            assert int(removed) <= max(6, whole // 3) or int(added) == 0, (commit, line)


def audited(edited: Edited, tenant: str) -> set[str]:
    """The keys of all flags that the audit says were changed since the first commit."""
    found: set[str] = set()
    cursor = ""
    while True:
        target = f"/v1/audit?limit=200&entity=flag{cursor}"
        page: Any = edited.writer.get(target, X_Tenant_ID=tenant)
        entries = [each for each in page["entries"] if each["commit"] != edited.first]
        assert all(each["source"] == "api" for each in entries)
        found |= {each["entity_key"] for each in entries}
        if page["cursor"] is None:
            return found
        cursor = f"&cursor={page['cursor']}"


def test_plan_and_audit_tell_of_the_same_flags(edited: Edited) -> None:
    ran = run_burgee(
        "plan", edited.root, "--base", edited.first, "--format", "json", cwd=edited.root
    )
    assert ran.returncode in (0, 1), ran.shown
    plan = ran.json()
    planned = {
        (each["tenant"], each["flag"]) for each in plan["flags"] if each["status"] != "affected"
    }
    quiet = {
        *plan["without_effect"],
        *(each for one in plan["flags"] for each in one["because_of"]),
    }
    planned |= {(path.split("/")[0], key_of(path)) for path in quiet if "/flags/" in path}
    differing = {
        (path.split("/")[0], key_of(path))
        for path in edited.paths("--name-only")
        if "/flags/" in path
    }
    assert planned == differing
    told = {(tenant, key) for tenant in TENANTS for key in audited(edited, tenant)}
    assert differing <= told
    back = {tenant: [key for one, key in told - differing if one == tenant] for tenant in TENANTS}
    for tenant, keys in back.items():  # changed, and changed back
        for key in keys:
            path = f"{tenant}/flags/{key.replace('.', '/')}.yaml"
            assert git(edited.root, "log", "--format=%H", f"{edited.first}..HEAD", "--", path)


def key_of(path: str) -> str:
    stem = path.partition("/flags/")[2].removesuffix(".yaml").removesuffix(".lock")
    return stem.replace("/", ".")


def test_undoing_goes_back_byte_for_byte(edited: Edited) -> None:
    """The last of all: it adds commits."""
    tree = git(edited.root, "rev-parse", f"HEAD~{UNDONE}^{{tree}}")
    for tenant, commit in reversed(edited.edits.commits[-UNDONE:]):
        edited.writer.done("POST", "/v1/undo", {"commit": commit}, X_Tenant_ID=tenant)
    assert git(edited.root, "rev-parse", "HEAD^{tree}") == tree
    assert git(edited.root, "status", "--porcelain") == ""
