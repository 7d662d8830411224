"""Creating, replacing, changing and deleting whole definitions: flags and segments alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from burgee_compiler.edit import Edit, Remove, Set, new_file
from burgee_compiler.writes import lock_of
from burgee_writer.changes.dropped import dropped
from burgee_writer.changes.refused import ChangeRefused
from burgee_writer.changes.working import Change, Did, Working

__all__ = ["Folder", "delete", "patch", "replace", "upsert"]

Folder: TypeAlias = Literal["flags", "segments"]
_NAMES: Final = {"flags": "flag", "segments": "segment"}


def upsert(
    folder: Folder, key: str, fields: Mapping[str, Any], *, replace_rules: bool = False
) -> Change:
    """Create a definition, or set the fields that are named in one that is there."""
    return partial(_upsert, folder, key, fields, replace_rules)


def replace(
    folder: Folder, key: str, fields: Mapping[str, Any], *, replace_rules: bool = False
) -> Change:
    """Make a definition have these fields and no others, or create it."""
    return partial(_replace, folder, key, fields, replace_rules)


def patch(
    folder: Folder, key: str, fields: Mapping[str, Any], *, replace_rules: bool = False
) -> Change:
    """Replace whole top-level fields of a definition that is there; null removes one."""
    return partial(_patch, folder, key, fields, replace_rules)


def delete(folder: Folder, key: str) -> Change:
    """Delete a definition, and a flag's lock with it."""
    return partial(_delete, folder, key)


def _upsert(
    folder: Folder, key: str, fields: Mapping[str, Any], replace_rules: bool, working: Working
) -> Did:
    path = working.path(folder, key)
    if working.writing.read(path) is not None:
        return _patch(folder, key, fields, replace_rules, working)
    return _create(folder, key, fields, working)


def _create(folder: Folder, key: str, fields: Mapping[str, Any], working: Working) -> Did:
    path = working.path(folder, key)
    made = {name: each for name, each in fields.items() if each is not None}
    if folder == "flags" and "default" not in made and "variants" not in made:
        made["default"] = "off"  # off for everybody, until somebody says otherwise
    if not made:
        raise ChangeRefused(
            "invalid_request",
            f"a {_NAMES[folder]} without fields is none",
            'send its fields, such as {"default": "off"} or {"members": ["u-1"]}',
        )
    working.writing.put(path, new_file(made, path))
    return _did("create", folder, key)


def _replace(
    folder: Folder, key: str, fields: Mapping[str, Any], replace_rules: bool, working: Working
) -> Did:
    path = working.path(folder, key)
    if working.writing.read(path) is None:
        return _create(folder, key, fields, working)
    before = working.writing.node(path)
    gone = [name for name in before if name not in fields] if isinstance(before, dict) else []
    return _set(folder, key, {**fields, **dict.fromkeys(gone)}, replace_rules, working)


def _patch(
    folder: Folder, key: str, fields: Mapping[str, Any], replace_rules: bool, working: Working
) -> Did:
    working.existing(folder, key)
    return _set(folder, key, fields, replace_rules, working)


def _set(
    folder: Folder, key: str, fields: Mapping[str, Any], replace_rules: bool, working: Working
) -> Did:
    path = working.existing(folder, key)
    before = working.writing.node(path)
    edits: list[Edit] = []
    for name, each in fields.items():
        if each is not None:
            edits.append(Set((name,), each))
        elif isinstance(before, dict) and name in before:
            edits.append(Remove((name,)))
    working.writing.edit(path, edits)
    lost = dropped(before, working.writing.node(path))
    if lost and not replace_rules:
        raise ChangeRefused(
            "replaces_rules",
            f"this would drop {', '.join(lost)} of {key}",
            "send them too, or say replace_rules=true",
            {"dropped": lost},
        )
    return _did("update", folder, key)


def _delete(folder: Folder, key: str, working: Working) -> Did:
    path = working.existing(folder, key)
    working.writing.put(path, None)
    if folder == "flags" and working.writing.read(lock_of(path)) is not None:
        working.writing.put(lock_of(path), None)
    return _did("delete", folder, key)


def _did(verb: str, folder: Folder, key: str) -> Did:
    name = _NAMES[folder]
    return Did(subject=f"{verb} {name} {key}", action=f"{name}.{verb}", entity=f"{name}/{key}")
