"""The part of two tips that a change can matter to, as the two sides of a plan."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

from burgee_compiler.diagnostics import Diagnostic
from burgee_compiler.load import ROOT_FILE
from burgee_compiler.plan.compare import Revision
from burgee_compiler.repository import TenantFiles
from burgee_writer.tips.tip import Tip
from burgee_writer.tips.users import Names, names_changed, part_of

__all__ = ["Sides", "sides_of"]


class Sides(Struct, frozen=True):
    """Before and after a change, as far as it can matter."""

    base: Revision
    head: Revision
    names: dict[str, Names]
    """What the changed files can matter to, by tenant; empty where that may be everything."""


def sides_of(base: Tip, head: Tip, changed: Collection[str]) -> Sides:
    """Return the two sides of a change to these files.

    A definition is taken if a changed one stands in it, however far, or is needed to build one
    that is. A change of what holds for all takes all.
    """
    tenants = sorted({path.partition("/")[0] for path in changed if "/" in path})
    names: dict[str, Names] = {}
    for tenant in tenants:
        found = _names(base, head, tenant, changed)
        if found is None or ROOT_FILE in changed:
            return Sides(_side(base, None), _side(head, None), {})
        names[tenant] = found
    if ROOT_FILE in changed:
        return Sides(_side(base, None), _side(head, None), {})
    return Sides(_side(base, names), _side(head, names), names)


def _names(base: Tip, head: Tip, tenant: str, changed: Collection[str]) -> Names | None:
    own = [path for path in changed if path.startswith(f"{tenant}/")]
    found = Names()
    for tip in (base, head):
        users = tip.users.get(tenant)
        if users is None:
            continue
        names = names_changed(tenant, own, users)
        if names is None:
            return None
        found |= names
    for tip in (base, head):
        users = tip.users.get(tenant)
        if users is not None:
            found |= users.over(found)
    return found


def _side(tip: Tip, names: dict[str, Names] | None) -> Revision:
    name = "this write" if tip.commit is None else tip.commit[:7]
    repository = tip.repository
    if names is None:
        return Revision(name, repository, tip.found)
    tenants: dict[str, TenantFiles] = {
        tenant: part_of(repository.tenants[tenant], each)
        for tenant, each in names.items()
        if tenant in repository.tenants
    }
    found = [each for each in tip.found if _is_about(each, tenants)]
    return Revision(name, replace(repository, tenants=tenants), found)


def _is_about(found: Diagnostic, tenants: Collection[str]) -> bool:
    top, slash, _ = found.where.file.partition("/")
    return not slash or top in tenants
