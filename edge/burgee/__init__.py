"""Burgee in an app: evaluates feature flags from a compiled snapshot, in process.

Names are looked up when they are first used, so that what needs one of them, such as the plugin
that every pytest of an app loads, does not import the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from burgee.client import Client, Details
    from burgee.evaluation import Result, TenantFlags, Trace
    from burgee.load import Refused, Snapshot, load_environment, read_folder
    from burgee.writer import WriterClient

__all__ = [
    "Client",
    "Details",
    "Refused",
    "Result",
    "Snapshot",
    "TenantFlags",
    "Trace",
    "WriterClient",
    "load_environment",
    "read_folder",
]

_HOMES: Final = {
    "Client": "burgee.client",
    "Details": "burgee.client",
    "Refused": "burgee.load",
    "Result": "burgee.evaluation",
    "Snapshot": "burgee.load",
    "TenantFlags": "burgee.evaluation",
    "Trace": "burgee.evaluation",
    "WriterClient": "burgee.writer",
    "load_environment": "burgee.load",
    "read_folder": "burgee.load",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
