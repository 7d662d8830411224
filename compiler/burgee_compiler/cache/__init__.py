"""What builds and checks learnt of a repository, kept in the user's cache folder.

`open_memo` gives what an earlier run left, `RememberedMemo.save` keeps what this one learnt.

- `place`: which folder, whether caching is on, and what is removed when there is too much of it
- `sealed`: one file, whole and by us, or none: an authentication code is checked before reading
- `fingerprint`: which compiler learnt it; another one's is not read
- `records`: what is written
- `remembered`: what still holds, given what has changed since
"""

from __future__ import annotations

from burgee_compiler.cache.opened import open_memo
from burgee_compiler.cache.remembered import RememberedMemo

__all__ = ["RememberedMemo", "open_memo"]
