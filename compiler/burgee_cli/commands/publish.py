"""`burgee publish`: a build, or a repository's, to where edge nodes read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from burgee_cli.offers import offered, read_keys
from burgee_cli.opened import cache_option, rev_option
from burgee_cli.outcome import FINDING, No, Usage
from burgee_cli.progress import shown_progress
from burgee_cli.publish_text import print_outcomes, summary
from burgee_compiler.publish.opening import open_target
from burgee_compiler.publish.order import Ancestry
from burgee_compiler.publish.prune import Keep
from burgee_compiler.publish.publish import How, Notify, Offer, Outcome, publish
from burgee_compiler.publish.target import Target, TargetError, Unusable

__all__ = ["command"]


@click.command("publish")
@click.argument("source", metavar="DIR-or-REPO")
@click.argument("target", metavar="TARGET")
@rev_option
@cache_option
@click.option(
    "--environment", "-e", "wanted", multiple=True, metavar="E", help="Publish these; default: all."
)
@click.option(
    "--sign",
    "keys",
    multiple=True,
    metavar="[E=]KEYFILE",
    help="Sign the manifests with this private key, or those of environment E; repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be uploaded, and change nothing.")
@click.option("--keep", default=10, type=click.IntRange(1), help="Manifests that are kept.")
@click.option(
    "--keep-days",
    default=7.0,
    type=click.FloatRange(0),
    help="Days for which manifests that were replaced are kept, however many.",
)
@click.option("--no-prune", is_flag=True, help="Remove nothing.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="A bearer token for an HTTP target; default: BURGEE_PUBLISH_TOKEN.",
)
@click.option(
    "--single-publisher",
    is_flag=True,
    help="Publish to a web server that keeps to no conditions: nobody else does, ever.",
)
@click.option(
    "--repair", is_flag=True, help="Upload every file again, and replace a damaged manifest."
)
@click.option("--allow-unsigned", is_flag=True, help="Replace what is signed by what is not.")
@click.option(
    "--notify",
    "called",
    multiple=True,
    metavar="URL",
    help="Call nodes that listen there: redis://, rediss://, nats:// or tls://; repeatable.",
)
@click.option(
    "--watch", "watching", is_flag=True, help="Publish the newest commit, again and again."
)
@click.option("--branch", metavar="B", help="With --watch: this branch; default: HEAD.")
@click.option(
    "--interval",
    default=5.0,
    metavar="SECONDS",
    type=click.FloatRange(0.1),
    help="With --watch: how often the repository is looked at.",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="With --watch: where a remote repository is mirrored.",
)
@click.option(
    "--metrics-listen", metavar="[HOST:]PORT", help="With --watch: serve /metrics and /healthz."
)
@click.option(
    "--heartbeat-seconds",
    default=30.0,
    metavar="SECONDS",
    type=click.FloatRange(1),
    help="With --watch: how often heartbeat.json is written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(  # noqa: PLR0913  (an argument for each option)
    *,
    source: str,
    target: str,
    rev: str | None,
    wanted: tuple[str, ...],
    keys: tuple[str, ...],
    dry_run: bool,
    keep: int,
    keep_days: float,
    no_prune: bool,
    token_file: Path | None,
    single_publisher: bool,
    repair: bool,
    allow_unsigned: bool,
    called: tuple[str, ...],
    watching: bool,
    branch: str | None,
    interval: float,
    state_dir: Path | None,
    metrics_listen: str | None,
    heartbeat_seconds: float,
    as_json: bool,
) -> int:
    """Put a build where edge nodes read it: documents first, the manifest last.

    DIR is what `burgee build --out` wrote. A REPO is built here; flags that do not build are held
    at what TARGET has, the rest is published, and the exit is 1 all the same. TARGET is a folder,
    s3://BUCKET/PREFIX, gs://…, az://…, or the http(s) URL of a server that takes PUT under
    If-Match. Any number may publish at once: an older commit never takes the place of a newer one.

    With --watch each new commit of REPO, or of a remote repository by its URL, is published until
    the process is ended; no failure ends it.

    \b
    Example:  burgee publish dist /srv/flags
              burgee publish . s3://flags/live --sign keys/signing.key -e production
              burgee publish . https://flags.example/set --token-file token --dry-run
              burgee publish --watch https://git.example/flags.git s3://flags/live \\
                --sign keys/signing.key --state-dir /var/lib/burgee --metrics-listen 9100 \\
                --notify redis://redis.example
    """
    how = How(
        keep=None if no_prune else Keep(keep_days, keep),
        dry_run=dry_run,
        repair=repair,
        allow_unsigned=allow_unsigned,
        notify=_notify(called),
    )
    try:
        opened = open_target(target, token_file=token_file, single_publisher=single_publisher)
    except Unusable as error:
        raise Usage(str(error), error.help) from error
    try:
        if watching:
            from burgee_cli.watching import Watching, watch  # noqa: PLC0415  only this needs it

            if rev is not None or dry_run or as_json or repair:
                raise Usage("--watch goes with neither --rev, --dry-run, --json nor --repair")
            given = Watching(
                source=source,
                branch=branch,
                interval=interval,
                state=state_dir,
                metrics=metrics_listen,
                heartbeat_seconds=heartbeat_seconds,
                keys=keys,
                wanted=wanted,
            )
            return watch(given, opened, how)
        signers = read_keys(keys)
        with shown_progress():
            found = offered(Path(source), rev, opened, signers, how)
        done, failed = _publish_all(found.chosen(wanted), opened, how, found.ancestry)
    except TargetError as error:
        raise No(str(error), error.help) from error
    finally:
        opened.close()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(summary(done, failed, found))))
    else:
        print_outcomes(done, failed, found, opened.place)
    refused = any(each.result == "refused" for each in done)
    return FINDING if refused or failed or found.has_errors else 0


def _notify(called: tuple[str, ...]) -> Notify | None:
    from burgee_compiler.publish.notify import notifiers  # noqa: PLC0415  asyncio

    try:
        return notifiers(called) if called else None
    except ValueError as error:
        raise Usage(str(error), "name a host that nodes listen at with --wake") from error


def _publish_all(
    offers: Mapping[str, Offer], target: Target, how: How, ancestry: Ancestry | None
) -> tuple[list[Outcome], dict[str, TargetError]]:
    """Publish each environment; what one comes to holds up none of the others."""
    done: list[Outcome] = []
    failed: dict[str, TargetError] = {}
    with shown_progress():
        for name, offer in offers.items():
            try:
                done.append(publish(name, offer, target, ancestry, how))
            except TargetError as error:
                failed[name] = error
    return done, failed
