"""What `eval` and `explain` share: the options that name a flag, a user and a moment."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from burgee.evaluation.tenant import TenantFlags
from burgee_cli.effective import environments_of, known_flag, one_of, tenant_of
from burgee_cli.findings import print_findings
from burgee_cli.opened import INSTANT, Opened, open_repository, repo_option, rev_option
from burgee_cli.outcome import No, Usage
from burgee_compiler.broken import files_behind
from burgee_compiler.build import check
from burgee_compiler.flag_tests import flags_of
from burgee_compiler.hold import sound_forms

__all__ = ["Question", "decision_options", "open_question"]

F = TypeVar("F", bound=Callable[..., Any])


class Question(Struct, frozen=True):
    """A flag of one tenant in one environment, asked for one context at one moment."""

    opened: Opened
    flags: TenantFlags
    key: str
    tenant: str
    environment: str
    context: dict[str, Any]
    now: int


def decision_options(function: F) -> F:
    """Add the argument FLAG and the options of a decision."""
    for decorate in (
        click.option("--at", type=INSTANT, help="The clock; default: now."),
        click.option(
            "--context",
            default="{}",
            metavar="JSON",
            help="The evaluation context as JSON, @FILE for a file, - for standard input.",
        ),
        click.option("--environment", "-e", help="Needed where there are several."),
        click.option("--tenant", "-t", help="Needed where there are several."),
        rev_option,
        repo_option,
        click.argument("flag"),
    ):
        function = decorate(function)
    return function


def open_question(
    flag: str,
    repo: Path | None,
    rev: str | None,
    tenant: str | None,
    environment: str | None,
    context: str,
    at: int | None,
) -> Question:
    """Compile what the question is about; No where the flag is unknown or does not build."""
    opened = open_repository(repo, rev)
    repository = opened.repository
    name = tenant_of(flag, tenant, repository.tenants)
    files = repository.tenants[name]
    known_flag(files, flag)
    where = one_of("environment", environment, list(environments_of(repository)))
    found = check(repository)
    forms = sound_forms(files, where, found)
    opened.remember()
    if flag not in forms.entries:
        behind = files_behind(files, flag)
        errors = [each for each in found if each.severity == "error"]
        about = [each for each in errors if each.where.file in behind]
        print_findings(about or errors, opened, "text", "", err=True)
        raise No(f"{flag} does not build", "mend the findings above; `burgee check` shows all")
    now = time.time_ns() // 1_000 if at is None else at
    return Question(opened, flags_of(forms), flag, name, where, _context(context), now)


def _context(text: str) -> dict[str, Any]:
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"{text[1:]} cannot be read: {error}") from error
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Usage(f"--context is no JSON: {error}", 'write {"targetingKey": "u1"}') from error
    if not isinstance(value, dict):
        raise Usage("--context is no JSON object", 'write {"targetingKey": "u1"}')
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
