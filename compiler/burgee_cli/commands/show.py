"""`burgee show`: one flag as it stands in one environment."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from burgee.instants import format_instant
from burgee_cli.definition import define
from burgee_cli.definition_text import render_definition
from burgee_cli.effective import environments_of, flag_at, known_flag, one_of
from burgee_cli.naming import namings, segments_named
from burgee_cli.opened import INSTANT, open_repository, repo_option, rev_option
from burgee_cli.outcome import No
from burgee_compiler.words.conditions import condition_text

__all__ = ["command"]


@click.command("show")
@click.argument("flag")
@repo_option
@rev_option
@click.option("--tenant", "-t", metavar="NAME", help="Needed where there are several.")
@click.option("--environment", "-e", metavar="NAME", help="Needed where there are several.")
@click.option("--at", type=INSTANT, help="The clock; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the definition as JSON.")
def command(
    flag: str,
    repo: Path | None,
    rev: str | None,
    tenant: str | None,
    environment: str | None,
    at: int | None,
    as_json: bool,
) -> int:
    """Show FLAG as it stands in one environment: overlays and schedules taken in.

    Variants, rules in words with the share of users that each serves, what the schedules will
    change, and which flags name it.

    \b
    Example:  burgee show checkout.one-page --tenant acme --environment production
              burgee show checkout.one-page -t acme -e production --at 2026-12-24
    """
    opened = open_repository(repo, rev)
    name = one_of("tenant", tenant, list(opened.repository.tenants))
    where = one_of("environment", environment, list(environments_of(opened.repository)))
    files = opened.repository.tenants[name]
    file = known_flag(files, flag)
    if file.flag is None:
        raise No(f"{file.path} does not read", f"`burgee check {file.path}` says why")
    now = time.time_ns() // 1_000 if at is None else at
    shown = define(flag, file.flag, where, now, files.layers)
    named_by = namings(opened, files, flag)
    if as_json:
        whole = {
            "tenant": name,
            "key": flag,
            "environment": where,
            "at": format_instant(now),
            "file": file.path,
            **msgspec.to_builtins(shown),
            "segments": segments_named(opened, files, flag),
            "named_by": named_by,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(whole)))
        return 0
    rules = flag_at(file.flag, where, now).rules
    conditions = {rule.name: condition_text(rule.when) for rule in rules if rule.when is not None}
    title = f"{flag}  ({name}, {where}, at {format_instant(now)})"
    click.echo(render_definition(title, file.path, shown, conditions, named_by))
    return 0
