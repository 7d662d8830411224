"""Promise: after a merge or rebase one `burgee lock` gives what one edit after the other gives.

Every case runs the git program and `burgee` as processes: two people change flags on two branches,
each with `burgee lock`; then the branches meet.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Ran, environment, git, run_burgee

BURGEE = "environments: [staging, production]\n"
TWO_RULES = """\
variants: [a, b, c]
rules:
  - name: first
    when: {{attribute: x, eq: 1}}
    serve: {{split: {{{first}}}}}
  - name: second
    when: {{attribute: x, eq: 2}}
    serve: {{split: {{{second}}}}}
default: {{split: {{{default}}}}}
"""
HALVES, THIRD, OTHER = "a: 50, b: 50", "a: 40, b: 40, c: 20", "a: 30, b: 45, c: 25"


def flag(first: str = HALVES, second: str = HALVES, default: str = HALVES) -> str:
    return TWO_RULES.format(first=first, second=second, default=default)


class Work:
    """A flag repository in git, and the two things that people do in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "acme" / "flags").mkdir(parents=True)
        git(root, "init", "--quiet", "--initial-branch=main")
        git(root, "config", "user.name", "Ann")
        git(root, "config", "user.email", "ann@acme.example")
        self.write("burgee.yaml", BURGEE)
        for name in ("x", "y"):
            self.write(f"acme/flags/{name}.yaml", flag())
        self.commit("start")

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8", newline="\n")

    def commit(self, message: str) -> str:
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", message)
        return git(self.root, "rev-parse", "HEAD")

    def change(self, edit: Edit) -> None:
        """Edit, lock, commit."""
        edit(self)
        done = self.burgee("lock")
        assert done.returncode == 0, done.shown
        self.commit("change")

    def burgee(self, *arguments: str) -> Ran:
        return run_burgee(*arguments, cwd=self.root)

    def try_git(self, *arguments: str) -> int:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env=environment(GIT_EDITOR="true"),
            capture_output=True,
            timeout=60,
            check=False,
        ).returncode

    def locks(self) -> dict[str, str]:
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in (self.root / "acme" / "flags").glob("*.lock.yaml")
        }


Edit = Callable[[Work], None]


def sets(name: str, **weights: str) -> Edit:
    """Return an edit of one table, whatever the others are."""

    def edit(work: Work) -> None:
        path = work.root / "acme" / "flags" / f"{name}.yaml"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for table, split in weights.items():
            start = next(
                n
                for n, line in enumerate(lines)
                if line.lstrip("- ").startswith(f"name: {table}") or line.startswith(f"{table}:")
            )
            at = next(n for n in range(start, len(lines)) if "split" in lines[n])
            lines[at] = lines[at].partition("split: ")[0] + f"split: {{{split}}}}}\n"
        work.write(f"acme/flags/{name}.yaml", "".join(lines))

    return edit


CASES = {
    "different flags": (sets("x", default=THIRD), sets("y", default=OTHER), sets("x")),
    "two rules": (sets("x", first=THIRD), sets("x", second=OTHER), sets("x")),
    "a rule and the default": (sets("x", first=THIRD), sets("x", default=OTHER), sets("x")),
    "the same weights": (
        sets("x", default=THIRD),
        sets("x", default=OTHER),
        lambda work: work.write("acme/flags/x.yaml", flag(default=OTHER)),
    ),
    "one table of each and one of both": (
        sets("x", default=THIRD, first=THIRD),
        sets("x", default=OTHER, second=OTHER),
        lambda work: work.write("acme/flags/x.yaml", flag(THIRD, OTHER, OTHER)),
    ),
}


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def case(request: pytest.FixtureRequest) -> tuple[Edit, Edit, Edit]:
    return CASES[request.param]


def branches(root: Path, ours: Edit, theirs: Edit) -> Work:
    work = Work(root)
    git(root, "branch", "other")
    work.change(ours)
    git(root, "switch", "--quiet", "other")
    work.change(theirs)
    git(root, "switch", "--quiet", "main")
    return work


def in_turn(root: Path, first: Edit, second: Edit, resolved: Edit) -> Work:
    work = Work(root)
    work.change(first)
    second(work)
    work.change(resolved)
    return work


def same(one: Work, other: Work) -> None:
    assert one.locks() == other.locks()
    built = [
        each.burgee("build", "--out", str(each.root.parent / f"{each.root.name}-dist"), "--json")
        for each in (one, other)
    ]
    tenants = [
        {
            path.name
            for path in each.root.parent.glob(f"{each.root.name}-dist/*/acme/manifest-*.json")
        }
        for each in (one, other)
    ]
    assert [each.returncode for each in built] == [0, 0], built[0].shown + built[1].shown
    assert tenants[0] == tenants[1]


def settle(work: Work, resolved: Edit) -> None:
    """Settle the weights by hand, then the locks by the command."""
    resolved(work)
    done = work.burgee("lock")
    assert done.returncode == 0, done.shown
    git(work.root, "add", "--all")


def test_merge(tmp_path: Path, case: tuple[Edit, Edit, Edit]) -> None:
    ours, theirs, resolved = case
    work = branches(tmp_path / "merged", ours, theirs)
    work.try_git("merge", "--no-commit", "--no-ff", "other")
    in_conflict = git(work.root, "ls-files", "--unmerged")
    assert ("x.lock.yaml" in in_conflict) == ("y.lock.yaml" not in work.locks())
    settle(work, resolved)
    assert work.try_git("commit", "--quiet", "--message", "merge") == 0
    same(work, in_turn(tmp_path / "in-turn", ours, theirs, resolved))
    assert work.burgee("lock", "--check").returncode == 0
    assert work.burgee("lock", "--check", "--base", "HEAD~1").returncode == 0


@pytest.mark.parametrize("name", ["two rules", "the same weights"])
def test_merge_with_marks_and_no_index(tmp_path: Path, name: str) -> None:
    """The conflict was added to the index as it stood: only the marks in the file tell of it."""
    ours, theirs, resolved = CASES[name]
    work = branches(tmp_path / "merged", ours, theirs)
    work.try_git("merge", "--no-commit", "--no-ff", "other")
    git(work.root, "add", "--all")
    settle(work, resolved)
    same(work, in_turn(tmp_path / "in-turn", ours, theirs, resolved))


@pytest.mark.parametrize("name", ["two rules", "one table of each and one of both"])
@pytest.mark.parametrize("side", ["--ours", "--theirs"])
def test_either_side_is_a_valid_lock(tmp_path: Path, name: str, side: str) -> None:
    ours, theirs, resolved = CASES[name]
    work = branches(tmp_path / "merged", ours, theirs)
    work.try_git("merge", "--no-commit", "--no-ff", "other")
    resolved(work)
    work.try_git("checkout", side, "--", *(f"acme/flags/{name}" for name in work.locks()))
    assert work.burgee("build", "--out", str(tmp_path / "dist")).returncode == 0
    settle(work, resolved)
    same(work, in_turn(tmp_path / "in-turn", ours, theirs, resolved))


def test_rebase(tmp_path: Path, case: tuple[Edit, Edit, Edit]) -> None:
    """Their change is laid upon ours: as if it had been made after it."""
    ours, theirs, resolved = case
    work = branches(tmp_path / "rebased", ours, theirs)
    git(work.root, "switch", "--quiet", "other")
    if work.try_git("rebase", "main") != 0:
        settle(work, resolved)
        assert work.try_git("rebase", "--continue") == 0
    same(work, in_turn(tmp_path / "in-turn", ours, theirs, resolved))
    assert work.burgee("lock", "--check", "--base", "main").returncode == 0


def test_main_merged_into_a_branch_is_no_change_of_it(tmp_path: Path) -> None:
    """With --base main, while main is merged in, what came from main counts as the base."""
    work = branches(tmp_path / "w", sets("x", default=THIRD), sets("x", default=OTHER))
    git(work.root, "switch", "--quiet", "other")
    work.try_git("merge", "--no-commit", "main")
    sets("x", default=OTHER)(work) if "<<<" not in (
        work.root / "acme/flags/x.yaml"
    ).read_text() else work.write("acme/flags/x.yaml", flag(default=OTHER))
    assert work.burgee("lock", "--base", "main").returncode == 0
    same(
        work, in_turn(tmp_path / "t", sets("x", default=THIRD), sets("x", default=OTHER), sets("x"))
    )


def test_weights_in_conflict_come_first(tmp_path: Path) -> None:
    work = branches(tmp_path / "w", sets("x", default=THIRD), sets("x", default=OTHER))
    assert work.try_git("merge", "other") == 1
    done = work.burgee("lock")
    assert done.returncode == 1
    assert "acme/flags/x.yaml cannot be read" in done.stderr
    assert "<<<<<<<" in work.locks()["x.lock.yaml"]


def test_what_it_says_and_writes(tmp_path: Path) -> None:
    work = Work(tmp_path / "w")
    sets("x", default=THIRD)(work)
    dry = work.burgee("lock", "--check")
    assert (dry.returncode, work.locks()) == (1, {})
    assert (
        dry.stdout
        == """\
acme/x
  default in staging, production:
    20.000 % of its users move, the least possible; without this lock 30.000 %
    a -> c: 10.000 %
    b -> c: 10.000 %
would write acme/flags/x.lock.yaml
"""
    )
    told = work.burgee("lock", "--json").json()
    assert told["base"] == git(work.root, "rev-parse", "HEAD")
    (one,) = told["flags"]
    (table,) = one["tables"][-1:]
    assert (one["action"], table["moved"], table["least"], table["without"]) == (
        "write",
        20_000,
        20_000,
        30_000,
    )
    assert "x.lock.yaml" in work.locks()
    assert work.burgee("lock", "--check").returncode == 0
    sets("x", default=HALVES)(work)
    back = work.burgee("lock")
    assert "removed acme/flags/x.lock.yaml\n1 lock file changed" in back.stdout
    assert work.locks() == {}


def test_a_renamed_flag_keeps_its_tables(tmp_path: Path) -> None:
    work = Work(tmp_path / "w")
    work.change(sets("x", default=THIRD))
    lock = work.locks()["x.lock.yaml"]
    git(work.root, "mv", "acme/flags/x.yaml", "acme/flags/z.yaml")
    path = work.root / "acme" / "flags" / "z.yaml"
    path.write_text("seed: x\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert work.burgee("lock").returncode == 0
    assert work.locks() == {"z.lock.yaml": lock}


def test_without_git_it_writes_what_the_build_uses(tmp_path: Path) -> None:
    (tmp_path / "acme" / "flags").mkdir(parents=True)
    (tmp_path / "burgee.yaml").write_text(BURGEE)
    (tmp_path / "acme/flags/x.yaml").write_text(flag(default=THIRD))
    assert run_burgee("lock", cwd=tmp_path).stdout == "no lock has to change\n"
    named = run_burgee("lock", "--base", "main", cwd=tmp_path)
    assert named.returncode == 2
    assert "is in no git repository" in named.stderr


def test_an_unknown_base(tmp_path: Path) -> None:
    work = Work(tmp_path / "w")
    done = work.burgee("lock", "--base", "nosuch")
    assert (done.returncode, "names no commit" in done.stderr) == (2, True)
    git(work.root, "switch", "--quiet", "--orphan", "apart")
    work.write("burgee.yaml", BURGEE)
    work.commit("apart")
    apart = work.burgee("lock", "--base", "main")
    assert (apart.returncode, "no commit in common" in apart.stderr) == (2, True)
