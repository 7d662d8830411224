"""`burgee init`: a new flag repository."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Final

import click
import pygit2

from burgee_cli.outcome import Usage
from burgee_compiler.model.kinds import is_identifier
from burgee_compiler.schema import schema_files
from burgee_compiler.trees import inside_git

__all__ = ["command"]

# Templates have names without dots in front, so that no tool takes them for this project's own.
_FILES: Final = {
    "burgee.yaml": "burgee.yaml",
    "tenant.yaml": "{tenant}/tenant.yaml",
    "attributes.yaml": "{tenant}/attributes.yaml",
    "staff.yaml": "{tenant}/segments/staff.yaml",
    "welcome-banner.yaml": "{tenant}/flags/welcome-banner.yaml",
    "README.md": "README.md",
    "workflow.yml": ".github/workflows/flags.yml",
    "codeowners": ".github/CODEOWNERS",
    "pre-commit.yaml": ".pre-commit-config.yaml",
    "settings.json": ".vscode/settings.json",
    "extensions.json": ".vscode/extensions.json",
    "gitattributes": ".gitattributes",
    "gitignore": ".gitignore",
}
_SCHEMAS: Final = ".burgee/schemas"


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--tenant", default="acme", show_default=True, metavar="NAME", help="Name of the first tenant."
)
def command(folder: Path, tenant: str) -> int:
    """Make a new flag repository in DIR, which is new or empty.

    It holds one tenant with a first flag, a segment and their tests, a workflow that tells on a
    pull request what it does to users, an example of code owners, a pre-commit hook, and settings
    by which editors complete and check the files. Where DIR is in no git repository, one is made.

    \b
    Example:  burgee init my-flags && burgee up my-flags
    """
    if not is_identifier(tenant):
        raise Usage(f"{tenant!r} is no name of a tenant", "use letters, digits, - and _")
    try:
        _refuse_used(folder)
        _write(folder, _contents(tenant))
    except OSError as error:
        raise Usage(f"{folder} cannot be made: {error.strerror or error}") from error
    made = _git_init(folder)
    click.echo(f"made a flag repository in {folder}" + (" (with git)" if made else ""))
    if inside_git(folder):
        click.echo(
            "note: it lies in a git repository, which reads .github and .pre-commit-config.yaml "
            "at its top alone:\n      move them there, and name the folder to each command"
        )
    click.echo(f"next: burgee check {folder}\n      burgee up {folder}")
    return 0


def _refuse_used(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise Usage(f"{folder} is a file", "name a folder that is new or empty")
    used = sorted(path.name for path in folder.iterdir() if path.name != ".git")
    if used:
        raise Usage(f"{folder} is not empty: it holds {used[0]}", "name a new or an empty folder")


def _contents(tenant: str) -> dict[str, str]:
    templates = files("burgee_cli") / "new_repository"
    texts = {
        target.format(tenant=tenant): (templates / name).read_text(encoding="utf-8")
        for name, target in _FILES.items()
    }
    texts["README.md"] = texts["README.md"].replace("`acme/", f"`{tenant}/")
    return {**texts, **{f"{_SCHEMAS}/{name}": text for name, text in schema_files().items()}}


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _git_init(folder: Path) -> bool:
    """Make a git repository where git is there and the folder is in none; say whether it was."""
    git = shutil.which("git")
    if git is None or pygit2.discover_repository(str(folder)) is not None:
        return False
    # The workflow file names the branch main; git before 2.28 passes over the setting.
    init = [git, "-c", "init.defaultBranch=main", "init", "--quiet", str(folder)]
    made = subprocess.run(init, capture_output=True, check=False)
    return made.returncode == 0
