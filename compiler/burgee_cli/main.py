"""The command group: finds the sub-command, and turns every way to fail into its exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import click

from burgee_cli.outcome import BUG, INTERRUPT, NO_CACHE, USAGE
from burgee_compiler.changed import Changed

__all__ = ["main"]

_COMMANDS: Final = {
    "up": "run the whole system on this machine: watch, build, edge node",
    "init": "make a new flag repository",
    "check": "find everything that is wrong with the flags",
    "lock": "keep users where they are when weights change",
    "test": "run the tests that stand in flags and segments",
    "plan": "show what a change does to users",
    "comment": "put a plan as a comment on the pull request that CI runs for",
    "build": "check, test and compile into a folder",
    "publish": "put a build where edge nodes read it",
    "eval": "evaluate a flag for one user",
    "explain": "show how a flag's answer comes about, step by step",
    "list": "list flags",
    "show": "show one flag in one environment",
    "create": "make a new flag, off for everybody",
    "set": "change fields of a flag in place",
    "override": "pin one user to a variant",
    "segment": "add ids to a segment, or remove them",
    "rename": "give a flag or a rule another name; no user moves",
    "conclude": "end an experiment with its winner",
    "layer": "give experiments slots of a layer",
    "rollback": "take back a commit, or return to one",
    "stats": "count flags by what they are",
    "stale": "find flags and segments that could go",
    "schema": "print or write the JSON Schemas of the files",
    "keygen": "make a key pair that signs snapshots",
    "verify": "check signatures and digests of a build",
    "edge": "run an edge node",
    "writer": "run the writer, an HTTP API that makes each change a commit",
    "client": "make keys for clients of the servers",
}
_COMING: Final = frozenset(
    {
        *("import",),
    }
)
"""Commands of the design that this version does not have yet; findings and docs name some."""

_EXTRAS: Final = {
    **dict.fromkeys(("cryptography", "obstore", "pygit2", "watchfiles", "yaml"), "compiler"),
    **dict.fromkeys(
        (
            "httptools",
            "jwt",
            "prometheus_client",
            "sse_starlette",
            "starlette",
            "structlog",
            "swagger_ui_bundle",
            "uvicorn",
            "uvloop",
        ),
        "edge",
    ),
}


class _Commands(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"burgee_cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS:
            from difflib import get_close_matches  # noqa: PLC0415  only on this way out

            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            if args[0] in _COMING:
                raise click.UsageError(f"This version has no {args[0]!r} yet.", ctx)
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="burgee", prog_name="burgee")
def _burgee() -> None:
    """Feature flags and experiments as code.

    Flags are YAML files in a git repository; `burgee check` tells what is wrong with them,
    `burgee up` serves them on this machine.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 good, 1 a finding or a no, 2 usage, 130 interrupt, 3 bug."""
    try:
        code = _run(arguments)
        _flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except ModuleNotFoundError as error:
        _missing_extra(error)
    except Exception as error:  # noqa: BLE001  the last door: whatever gets here is a bug
        _report_bug(error)
        sys.exit(BUG)


def _run(arguments: list[str] | None) -> object:
    try:
        return _burgee.main(arguments, prog_name="burgee", standalone_mode=False)
    except Changed:  # edited while it was read: once more, with each file read once
        return _burgee.main(arguments, prog_name="burgee", standalone_mode=False, obj=NO_CACHE)


def _flush() -> None:
    sys.stdout.flush()


def _missing_extra(error: ModuleNotFoundError) -> None:
    extra = _EXTRAS.get((error.name or "").split(".")[0])
    if extra is None:
        _report_bug(error)
        sys.exit(BUG)
    click.echo(
        f"error: this command needs {error.name}; install it with: pip install 'burgee[{extra}]'",
        err=True,
    )
    sys.exit(USAGE)


def _report_bug(error: Exception) -> None:
    import platform  # noqa: PLC0415  what only this needs, each command would wait for
    import traceback  # noqa: PLC0415
    from importlib.metadata import version  # noqa: PLC0415

    system = f"{platform.system()} {platform.machine()}"
    lines = [
        "error: this is a bug in burgee; please report it with the lines below",
        f"burgee {version('burgee')}, Python {platform.python_version()}, {system}",
        f"command: burgee {' '.join(sys.argv[1:])}",
        "".join(traceback.format_exception(error)),
    ]
    click.echo("\n".join(lines), err=True)
