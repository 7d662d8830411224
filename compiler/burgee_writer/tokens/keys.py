"""The keys in force, followed on disk: whichever process makes a key, all of them take it up."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from burgee_http.jwks import KeySet, VerifyKey
from burgee_writer.tokens.key_folder import KeyFolder, KeysUnusable, Stamp, public_key
from burgee_writer.tokens.schedule import Plan, TokenKey, advanced, signer, tended

__all__ = ["TokenKeys"]

_LOOK_SECONDS: Final = 1.0

_log = structlog.get_logger("burgee.tokens")


class TokenKeys:
    """What tokens are signed with, and (as `Keys`) what they are checked against.

    OSError or KeysUnusable where the folder cannot be used at the start; later on, the keys that
    were read last stay in force.
    """

    def __init__(self, folder: Path, plan: Plan, clock: Callable[[], float]) -> None:
        self._folder = KeyFolder(folder)
        self._plan = plan
        self._clock = clock
        self._stamp: Stamp | None = None
        self._keys: tuple[TokenKey, ...] = ()
        self._private: dict[str, Ed25519PrivateKey] = {}
        self.value = KeySet(())
        self.generation = 0
        self.refused = False
        self._looked = clock()
        self._tend(wait=True)

    def signing(self) -> tuple[str, Ed25519PrivateKey]:
        """Return the key that signs now, by its id."""
        self.follow()
        key = signer(self._keys, self._clock())
        return key.kid, self._private[key.kid]

    def published(self) -> tuple[TokenKey, ...]:
        """Return the keys that are to be shown: the one before, the one that signs, the next."""
        self.follow()
        return self._keys

    def follow(self) -> bool:
        """Look at the folder, and tend it where something is due; at most once a second."""
        now = self._clock()
        if abs(now - self._looked) < _LOOK_SECONDS:  # a clock may be set back
            return False
        self._looked = now
        before = self.generation
        try:
            if self._folder.stamp() != self._stamp:
                self._read()
            if self._due():
                self._tend(wait=False)
        except (OSError, KeysUnusable) as error:
            if not self.refused:
                _log.error("token keys could not be followed, the last ones stay", error=str(error))
            self.refused = True
        else:
            self.refused = False
        return self.generation != before

    def rotate(self) -> float:
        """Let the next key sign before its time: as soon as everybody can know it. Returns when."""
        with self._folder.locked(wait=True):
            self._read()
            self._put(advanced(self._keys, self._now()))
            signs_from = self._keys[-1].signs_from
            self._put(tended(self._keys, self._now(), self._plan, self._make))
        return signs_from

    def _now(self) -> int:
        return math.floor(self._clock())

    def _due(self) -> bool:
        """Whether tending would change anything; a key that is asked for is none yet."""
        stub = partial(TokenKey, "", "", 0, token_seconds=0)
        return tended(self._keys, self._now(), self._plan, stub) != self._keys

    def _tend(self, *, wait: bool) -> None:
        with self._folder.locked(wait=wait) as held:
            if not held:
                return  # another process does it; what it has written is seen at the next look
            self._read()
            self._put(tended(self._keys, self._now(), self._plan, self._make))

    def _make(self, signs_from: int) -> TokenKey:
        return self._folder.make(self._now(), signs_from, self._plan.token_seconds)

    def _put(self, keys: tuple[TokenKey, ...]) -> None:
        """Under the lock."""
        if keys != self._keys:
            self._folder.write(keys)
            self._read()

    def _read(self) -> None:
        """Take what is on disk, whole or not at all."""
        stamp = self._folder.stamp()
        keys = self._folder.read()
        if not keys and self._keys:
            raise KeysUnusable(f"the index of token keys in {self._folder.folder} is gone")
        private = {key.kid: self._folder.private(key) for key in keys}
        checked = KeySet(tuple(VerifyKey(key.kid, "EdDSA", public_key(key)) for key in keys))
        if keys != self._keys:
            self.generation += 1
            _log.info("token keys", kids=[key.kid for key in keys])
        self._stamp, self._keys, self._private, self.value = stamp, keys, private, checked
