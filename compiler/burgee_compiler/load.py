"""Reading a tree of files into a Repository; every fault is a finding, none an exception."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from burgee_compiler.collector import collector_paused
from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic, nearest
from burgee_compiler.excuses import excuses_in
from burgee_compiler.layout import ROOT_FILE, TENANT_FILES, TENANT_FOLDERS, is_tenant
from burgee_compiler.members import read_members
from burgee_compiler.model.decoder import BAD, Decoder, Kind
from burgee_compiler.model.files import ATTRIBUTES, BURGEE, LAYERS, LOCK, SEGMENT, TENANT
from burgee_compiler.model.flag import FLAG
from burgee_compiler.model.kinds import is_identifier
from burgee_compiler.repository import MemberFile, Repository, SourceFile, TenantFiles
from burgee_compiler.source import MAX_BYTES, read_yaml
from burgee_compiler.trees import Entry, Tree

__all__ = ["ROOT_FILE", "load_repository"]

_KINDS: Final = {"tenant.yaml": TENANT, "attributes.yaml": ATTRIBUTES, "layers.yaml": LAYERS}
_MEMBER_BYTES: Final = 64 * 2**20
_WINDOWS: Final = frozenset(
    ["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)]
)
_LONGEST_KEY: Final = 256


def load_repository(tree: Tree) -> Repository:
    """Read all files of `tree` that belong to the flag repository."""
    with collector_paused():
        return _Loader(tree).load()


class _Loader:
    """Walks the entries once, reading what is known and reporting what is not."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._found: list[Diagnostic] = []
        self._files: list[str] = []
        self._passed_over: list[str] = []  # folders that are a finding as a whole

    def load(self) -> Repository:
        entries = self._tree.entries()
        tops: dict[str, list[Entry]] = {}
        burgee: Any = None
        root = next((entry for entry in entries if entry.path == ROOT_FILE), None)
        if root is None:
            self._report(
                "B127",
                "there is no burgee.yaml here",
                ROOT_FILE,
                "rename burgee.yml to burgee.yaml"
                if any(entry.path == "burgee.yml" for entry in entries)
                else "run this in a flag repository, or make one with `burgee init DIR`",
            )
        else:
            burgee = self._read(root, BURGEE)
        for entry in entries:
            top, _, rest = entry.path.partition("/")
            if rest or (entry.kind == "closed" and is_identifier(top)):
                tops.setdefault(top, []).append(entry)
        named = [name for name in sorted(tops) if is_tenant(name, tops[name])]
        good = [name for name in named if self._good_tenant(name)]
        tenants = {name: self._tenant(name, tops[name]) for name in named}
        if not tenants:
            self._report(
                "B128",
                "the repository holds no tenant",
                ROOT_FILE,
                "make a folder with flags in it, such as acme/flags/my-flag.yaml",
            )
        self._report_case_twins(good, "tenants", lambda name: f"{name}/")
        return Repository(
            burgee=burgee if burgee is not None and burgee is not BAD else None,
            tenants={name: tenants[name] for name in good},
            found=self._found,
            files=tuple(sorted(self._files)),
            read=self._tree.read,
        )

    def _tenant(self, name: str, entries: list[Entry]) -> TenantFiles:
        tenant = TenantFiles(name=name)
        values: dict[str, Any] = {}
        for entry in entries:
            if entry.path.startswith(tuple(self._passed_over)):
                continue
            path = entry.path.removeprefix(name + "/")
            folder, _, rest = path.partition("/")
            if entry.kind == "closed" or (entry.kind == "other" and path not in _KINDS):
                self._closed(entry)
                _note_name(tenant, folder, rest, entry)
            elif folder in TENANT_FOLDERS and (rest or entry.kind == "folder"):
                if entry.kind != "folder":
                    self._definition(tenant, folder, rest, entry)
                elif rest:
                    self._folder(entry)
                    _note_name(tenant, folder, rest, entry)
            elif path in _KINDS:
                values[path] = self._read(entry, _KINDS[path])
            else:
                self._stranger(entry, [*TENANT_FILES, *TENANT_FOLDERS])
        self._report_case_twins(list(tenant.flags), "flags", lambda key: tenant.flags[key].path)
        self._report_case_twins(
            list(tenant.segments), "segments", lambda key: tenant.segments[key].path
        )
        _withhold_without_members(tenant)
        layers = values.get("layers.yaml", {})
        attributes = values.get("attributes.yaml", {})
        declared = values.get("tenant.yaml")
        return TenantFiles(
            name=name,
            flags=tenant.flags,
            segments=tenant.segments,
            locks=tenant.locks,
            members=tenant.members,
            layers={} if layers is BAD else layers,
            has_layers=layers is not BAD,
            attributes={} if attributes is BAD else attributes,
            has_attributes=attributes is not BAD,
            tenant=None if declared is BAD else declared,
            is_whole=not any(entry.kind == "closed" for entry in entries),
        )

    def _definition(self, tenant: TenantFiles, folder: str, rest: str, entry: Entry) -> None:
        """Take one file below flags/ or segments/."""
        if folder == "segments" and rest.endswith((".csv", ".txt")):
            self._member_file(tenant, entry)
        elif entry.kind != "file" or not rest.endswith(".yaml"):
            self._stranger(entry, [])
            _note_name(tenant, folder, rest, entry)
        elif folder == "flags" and rest.endswith(".lock.yaml"):
            key = rest.removesuffix(".lock.yaml").replace("/", ".")
            self._place(tenant.locks, key, entry, LOCK, f"{tenant.name}/{key}")
        elif folder == "flags":
            key = rest.removesuffix(".yaml").replace("/", ".")
            if self._good_key(rest.removesuffix(".yaml"), entry.path):
                self._place(tenant.flags, key, entry, FLAG, f"{tenant.name}/{key}")
            else:
                _note_name(tenant, folder, rest, entry)
        else:
            key = rest.removesuffix(".yaml").replace("/", ".")
            if self._good_key(rest.removesuffix(".yaml"), entry.path):
                self._place(tenant.segments, key, entry, SEGMENT, f"{tenant.name}/@{key}")
            else:
                _note_name(tenant, folder, rest, entry)

    def _place(
        self, files: dict[str, SourceFile], key: str, entry: Entry, kind: Kind, subject: str
    ) -> None:
        definition = self._read(entry, kind, subject)
        files[key] = SourceFile(key, entry.path, None if definition is BAD else definition)

    def _member_file(self, tenant: TenantFiles, entry: Entry) -> None:
        tenant.members[entry.path] = MemberFile(entry.path, None)  # until it has been read
        stem = entry.path.rpartition("/")[2].partition(".")[0]
        if stem.lower() in _WINDOWS:
            self._report_name(stem, entry.path)
        if entry.kind != "file":
            self._stranger(entry, [])
            return
        if entry.size > _MEMBER_BYTES:
            self._report(
                "B104",
                f"the member list has {entry.size:,} bytes, more than 64 MiB",
                entry.path,
                "split it over several segments",
            )
            return
        data = self._bytes(entry)
        if data is not None:
            ids, found = read_members(data, entry.path)
            self._found += found
            if not any(each.severity == "error" for each in found):
                tenant.members[entry.path] = MemberFile(entry.path, ids)

    def _read(self, entry: Entry, kind: Kind, subject: str | None = None) -> Any:
        """Return what a YAML file defines, BAD where anything in it is wrong."""
        if entry.kind == "other":
            self._closed(entry)
            return BAD
        if entry.kind != "file":
            self._stranger(entry, [])
            return BAD
        if entry.size > MAX_BYTES:
            self._report(
                "B104",
                f"the file has {entry.size:,} bytes, more than 1 MiB",
                entry.path,
                "split it, or move members into a members_file",
                subject,
            )
            return BAD
        data = self._bytes(entry)
        if data is None:
            return BAD
        node, found = read_yaml(data, entry.path)
        self._found += [_about(each, subject) for each in found]
        if node is None:
            return BAD
        decoder = Decoder(entry.path, subject)
        value = kind.read(decoder, node)
        self._found += decoder.found
        if value is not BAD:
            self._found += excuses_in(data, entry.path)
        return value

    def _bytes(self, entry: Entry) -> bytes | None:
        self._files.append(entry.path)
        try:
            return self._tree.read(entry.path)
        except OSError as error:
            self._report(
                "B129",
                f"the file cannot be read: {error.strerror or error}",
                entry.path,
                "give the user that runs burgee the right to read it",
            )
            return None

    def _good_tenant(self, name: str) -> bool:
        """Return whether a folder's name may be a tenant's; nodes refuse a set with another."""
        if is_identifier(name) and name.lower() not in _WINDOWS:
            return True
        self._report_name(name, f"{name}/")
        return False

    def _closed(self, entry: Entry) -> None:
        """Report what is neither a file nor a folder that may be looked into."""
        what = "no file" if entry.kind == "other" else "a folder that cannot be looked into"
        self._report(
            "B129",
            f"{entry.path} is {what}",
            entry.path,
            "remove it"
            if entry.kind == "other"
            else "give the user that runs burgee the right to read it",
        )

    def _good_key(self, path: str, file: str) -> bool:
        parts = path.split("/")
        for part in parts:
            if not is_identifier(part) or part.lower() in _WINDOWS:
                self._report_name(part, file)
                return False
        if len(path) > _LONGEST_KEY:
            self._report(
                "B125",
                f"the key has {len(path)} characters, more than {_LONGEST_KEY}",
                file,
                "use shorter names or fewer folders",
            )
            return False
        return True

    def _folder(self, entry: Entry) -> None:
        if entry.path.endswith((".yaml", ".yml", ".csv")):
            self._passed_over.append(entry.path + "/")
            self._report(
                "B123",
                f"{entry.path} is a folder where a file should be",
                entry.path,
                "rename the folder, or replace it by a file",
            )

    def _stranger(self, entry: Entry, known: Iterable[str]) -> None:
        name = entry.path.rsplit("/", 1)[-1]
        if entry.kind == "symlink":
            self._report(
                "B122",
                f"{entry.path} is a symbolic link",
                entry.path,
                "replace it by the file itself: links read differently on each machine",
            )
        elif entry.kind == "folder" and name.endswith((".yaml", ".yml")):
            self._folder(entry)
        elif name.endswith(".yml"):
            self._report(
                "B121",
                f"{entry.path} ends in .yml and is not read",
                entry.path,
                f"rename it to {name.removesuffix('.yml')}.yaml",
            )
        elif entry.kind == "file" or entry.path.count("/") == 1:
            self._unknown(entry, name, known)

    def _unknown(self, entry: Entry, name: str, known: Iterable[str]) -> None:
        near = nearest(name, list(known))
        message = f"{entry.path} is no file that a tenant has"
        cure = f'did you mean "{near}"?' if near else "move it out of the tenant's folder"
        if entry.kind == "folder":
            self._passed_over.append(entry.path + "/")
            message = f"{entry.path}/ is no folder that a tenant has"
        elif near == name:
            message = f"{entry.path} is a file where a folder should be"
            cure = "make a folder of it, with a file for each flag or segment"
        elif name.endswith((".json", ".toml")):
            cure = "write it as YAML, in a file that ends in .yaml, or move it elsewhere"
        self._report("B120", message, entry.path, cure)

    def _report_case_twins(self, names: list[str], what: str, path_of: Any) -> None:
        """Report names, and folders they stand in, that are one where case does not count."""
        seen: dict[str, str] = {}
        told: set[str] = set()
        for name in sorted(names):
            parts = name.split(".")
            folders = ["/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
            for each in (*folders, name):
                twin = seen.setdefault(each.lower(), each)
                if twin == each:
                    continue
                if each not in told:
                    told.add(each)
                    self._report(
                        "B126",
                        f"the {'folders' if each.endswith('/') else what} {twin} and {each} "
                        "differ in case alone",
                        path_of(name),
                        "rename one of them: some file systems hold only one of the two",
                    )
                break

    def _report_name(self, part: str, file: str) -> None:
        if part.lower() in _WINDOWS:
            self._report(
                "B124", f'"{part}" is a name that Windows cannot check out', file, "rename it"
            )
        else:
            self._report(
                "B125",
                f'"{part}" is no proper name',
                file,
                "use letters, digits, - and _, beginning with a letter or digit, 128 at most",
            )

    def _report(
        self, code: str, message: str, file: str, help: str, subject: str | None = None
    ) -> None:
        self._found.append(diagnostic(code, message, Where(file), help=help, subject=subject))


def _note_name(tenant: TenantFiles, folder: str, rest: str, entry: Entry) -> None:
    """Note that a name exists though its file is not read: who uses it has made no mistake."""
    files = {"flags": tenant.flags, "segments": tenant.segments}.get(folder, {})
    stem, dot, ending = rest.rpartition(".")
    if dot and ending in ("yaml", "yml") and not stem.endswith(".lock"):
        name = stem.replace("/", ".")
        files.setdefault(name, SourceFile(name, entry.path, None))


def _withhold_without_members(tenant: TenantFiles) -> None:
    """Take a segment for unreadable where a member list that it names is: it would be emptier."""
    for name, file in tenant.segments.items():
        segment = file.segment
        if segment is None:
            continue
        folder = file.path.rpartition("/")[0]
        lists = [
            segment.members_file,
            *(each.members_file for each in segment.environments.values()),
        ]
        for each in lists:
            listed = tenant.members.get(f"{folder}/{each}")
            if listed is not None and listed.ids is None:
                tenant.segments[name] = SourceFile(name, file.path, None)


def _about(found: Diagnostic, subject: str | None) -> Diagnostic:
    if subject is None or found.subject is not None:
        return found

    return msgspec.structs.replace(found, subject=subject)
