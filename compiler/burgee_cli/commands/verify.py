"""`burgee verify`: signatures and digests of a build."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from burgee.load import Refused, Snapshot, load_environment, read_folder
from burgee.signatures import Trust
from burgee_cli.outcome import No, Usage

__all__ = ["command"]


@click.command("verify")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="PUB",
    type=click.Path(path_type=Path),
    help="A public key to trust; repeatable. Without any, only digests are checked.",
)
@click.option("--environment", "-e", "wanted", metavar="E", help="Default: all in DIR.")
@click.option("--json", "as_json", is_flag=True, help="Print what was verified as JSON.")
def command(folder: Path, keys: tuple[Path, ...], wanted: str | None, as_json: bool) -> int:
    """Read what `burgee build` wrote into DIR as an edge node would, and check every byte of it.

    Exit 1 where a signature or digest does not hold.

    \b
    Example:  burgee verify dist --key keys/production/signing.pub --environment production
    """
    try:
        trust = Trust.read(keys)
    except (OSError, ValueError) as error:
        raise Usage(str(error), "name a signing.pub that `burgee keygen` wrote") from error
    known = _environments(folder)
    if wanted is not None and wanted not in known:
        raise Usage(
            f"there is no environment {wanted!r} in {folder}", f"there are: {', '.join(known)}"
        )
    names = known if wanted is None else [wanted]
    verified = [_verify(folder / name, name, trust if keys else None) for name in names]
    rows = [
        {
            "environment": each.manifest.environment,
            "version": each.version,
            "digest": each.digest,
            "tenants": len(each.tenants),
            "signed": bool(keys),
        }
        for each in verified
    ]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
        return 0
    for row in rows:
        signed = "signature and digests hold" if keys else "digests hold (no key was named)"
        click.echo(f"{row['environment']}: version {row['version']}, {signed}")
    return 0


def _environments(folder: Path) -> list[str]:
    names = sorted(path.parent.name for path in folder.glob("*/manifest.json"))
    if not names:
        raise Usage(
            f"{folder} holds no build", "name the folder that `burgee build --out` wrote to"
        )
    return names


def _verify(folder: Path, environment: str, trust: Trust | None) -> Snapshot:
    read = read_folder(folder)
    try:
        snapshot = load_environment(read, environment)
        if trust is not None:
            trust.check(read, snapshot.data)
    except Refused as error:
        raise No(f"{environment}: {error}", "publish the build again, and find out why") from error
    return snapshot
