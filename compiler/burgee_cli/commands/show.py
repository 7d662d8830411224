"""`burgee show`: one flag as it stands in one environment."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec

from burgee.instants import format_instant
from burgee_cli.definition import define
from burgee_cli.definition_text import render_definition
from burgee_cli.effective import environments_of, known_flag, one_of, tenant_of
from burgee_cli.history_text import history_text
from burgee_cli.naming import namings, segments_named
from burgee_cli.opened import INSTANT, Opened, open_repository, repo_option, rev_option
from burgee_cli.outcome import No
from burgee_compiler.past.flag import history_of
from burgee_compiler.past.steps import open_history
from burgee_compiler.resolve import flag_at
from burgee_compiler.words.conditions import condition_text

__all__ = ["command"]


@click.command("show")
@click.argument("flag")
@repo_option
@rev_option
@click.option("--tenant", "-t", metavar="NAME", help="Needed where there are several.")
@click.option("--environment", "-e", metavar="NAME", help="Needed where there are several.")
@click.option("--at", type=INSTANT, help="The clock; default: now.")
@click.option(
    "--history", is_flag=True, help="Who changed what for users, and when, in place of all that."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many commits of the history.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the definition as JSON.")
def command(
    flag: str,
    repo: Path | None,
    rev: str | None,
    tenant: str | None,
    environment: str | None,
    at: int | None,
    as_json: bool,
    **past: Any,
) -> int:
    """Show FLAG as it stands in one environment: overlays and schedules taken in.

    Variants, rules in words with the share of users that each serves, what the schedules will
    change, and which flags name it. With --history: each commit that touched its file, its lock,
    or segments and layers that it uses, newest first, with what changed for users, in words.

    \b
    Example:  burgee show checkout.one-page --tenant acme --environment production
              burgee show checkout.one-page -t acme -e production --at 2026-12-24
              burgee show checkout.one-page -t acme --history
    """
    opened = open_repository(repo, rev)
    name = tenant_of(flag, tenant, opened.repository.tenants)
    if past["history"]:
        _show_history(opened, name, flag, environment, past["limit"], as_json=as_json)
        return 0
    files = opened.repository.tenants[name]
    file = known_flag(files, flag)
    where = one_of("environment", environment, list(environments_of(opened.repository)))
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


def _show_history(
    opened: Opened, tenant: str, flag: str, environment: str | None, limit: int, *, as_json: bool
) -> None:
    environments = environments_of(opened.repository)
    if environment is not None:
        environments = (one_of("environment", environment, list(environments)),)
    files = opened.repository.tenants[tenant]
    known = files.flags.get(flag)
    path = f"{tenant}/flags/{flag.replace('.', '/')}.yaml" if known is None else known.path
    past = open_history(opened.root, opened.revision or "HEAD")
    if past is None:
        known_flag(files, flag)
        raise No(f"{opened.root} is in no git repository with a commit, so it has no history")
    read = opened.read if opened.revision is None else None
    found = list(islice(history_of(past, tenant, path, environments, read), limit + 1))
    if not found:
        known_flag(files, flag)  # a flag that is gone has a history too
    shown, more = found[:limit], len(found) > limit
    if as_json:
        whole = {"tenant": tenant, "key": flag, "file": path, "history": shown, "more": more}
        click.echo(msgspec.json.format(msgspec.json.encode(whole)))
    else:
        click.echo(history_text(f"{flag}  ({tenant}, {path})", shown, has_more=more))
