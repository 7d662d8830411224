"""The private keys of a publisher, by environment; read anew when they are needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from burgee_compiler.build import EnvironmentBuild

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["KeyFiles", "KeyTrouble", "Keys", "key_files"]

_OF_ONE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*)=(.+)")


class KeyTrouble(ValueError):
    """A file that is to hold a private key cannot be read, or holds none."""


class Keys(Struct, frozen=True):
    """Keys, each with the environment it belongs to; `""` stands for all of them."""

    keys: tuple[tuple[str, Ed25519PrivateKey], ...] = ()

    def of(self, environment: str) -> list[Ed25519PrivateKey]:
        """Return the keys of an environment."""
        return [key for name, key in self.keys if name in ("", environment)]

    def sign(self, build: EnvironmentBuild) -> EnvironmentBuild:
        """Return a build with signatures, or as it is where no key is its environment's."""
        used = self.of(build.environment)
        if not used:
            return build
        from burgee_compiler.signing import signed  # noqa: PLC0415  cryptography

        return signed(build, used)


class KeyFiles(Struct, frozen=True):
    """Where the keys are."""

    files: tuple[tuple[str, Path], ...] = ()

    def read(self) -> Keys:
        """Read them; KeyTrouble where a file holds none."""
        if not self.files:
            return Keys()
        from burgee_compiler.signing import read_signing_key  # noqa: PLC0415  cryptography

        try:
            return Keys(tuple((name, read_signing_key(path)) for name, path in self.files))
        except (OSError, ValueError) as error:
            raise KeyTrouble(str(error)) from error


def key_files(given: Sequence[str]) -> KeyFiles:
    """Take what options say: FILE for all environments, or E=FILE for one."""
    found: list[tuple[str, Path]] = []
    for each in given:
        of_one = _OF_ONE.fullmatch(each)
        found.append((of_one[1], Path(of_one[2])) if of_one else ("", Path(each)))
    return KeyFiles(tuple(found))
