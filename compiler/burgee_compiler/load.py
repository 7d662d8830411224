"""Reading a tree of files into a Repository; every fault is a finding, none an exception."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1, sha256
from typing import Any, Final

from msgspec.structs import replace

from burgee_compiler.collector import collector_paused
from burgee_compiler.definitions import Deferred, Definition, read_definition
from burgee_compiler.layout import ROOT_FILE, TENANT_FILES, TENANT_FOLDERS, is_tenant, key_of
from burgee_compiler.members import read_members
from burgee_compiler.memo import NO_MEMO, FileRecord, Memo, TenantMemo
from burgee_compiler.misfits import WINDOWS, Misfits
from burgee_compiler.model.decoder import BAD, Kind
from burgee_compiler.model.files import ATTRIBUTES, BURGEE, LAYERS, LOCK, SEGMENT, TENANT, Burgee
from burgee_compiler.model.flag import FLAG
from burgee_compiler.model.kinds import is_identifier
from burgee_compiler.progress import told
from burgee_compiler.repository import MemberFile, Repository, SourceFile, TenantFiles
from burgee_compiler.source import MAX_BYTES
from burgee_compiler.sources import Sources
from burgee_compiler.trees import Entry, Stamped, Tree

__all__ = ["ROOT_FILE", "load_repository"]

_KINDS: Final = {"tenant.yaml": TENANT, "attributes.yaml": ATTRIBUTES, "layers.yaml": LAYERS}
_MEMBER_BYTES: Final = 64 * 2**20


def load_repository(tree: Tree, memo: Memo | None = None) -> Repository:
    """Read all files of `tree` that belong to the flag repository.

    What `memo` knows to be as it was is read when somebody asks for it.
    """
    with collector_paused():
        return _Loader(tree, memo or Memo()).load()


class _Loader(Misfits):
    """Walks the entries once, reading what is known and reporting what is not."""

    def __init__(self, tree: Tree, memo: Memo) -> None:
        super().__init__()
        self._tree = tree
        self._sources = Sources(tree.read)
        self._memo = memo
        self._stamps: Mapping[str, bytes] = {}
        self._burgee: Burgee | None = None
        self._tops: dict[str, list[Entry]] = {}  # what stands in each tenant's folder
        self.unread: list[tuple[str, Entry]] = []
        self._ahead: dict[str, tuple[FileRecord, Any]] = {}
        self._is_later = False
        self._files: list[str] = []

    def load(self) -> Repository:
        entries = self._tree.entries()
        self._stamps = self._tree.stamps() if isinstance(self._tree, Stamped) else {}
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
        self._burgee = None if burgee is BAD else burgee
        self._memo.begin(() if self._burgee is None else self._burgee.environments)
        for entry in entries:
            top, _, rest = entry.path.partition("/")
            if rest or (entry.kind == "closed" and is_identifier(top)):
                tops.setdefault(top, []).append(entry)
        self._tops = {name: tops[name] for name in sorted(tops) if is_tenant(name, tops[name])}
        if self._memo.remembers:
            self._read_ahead()
        return self._rest()

    def _read_ahead(self) -> None:
        self.unread = [
            (name, entry)
            for name, entries in self._tops.items()
            for entry in entries
            if self._is_unread(name, entry, self._memo.tenant(name))
        ]
        self._memo.read_ahead(self)

    def _rest(self) -> Repository:
        """Read, or find read, every tenant's files."""
        good = [name for name in self._tops if self._good_tenant(name)]
        tenants = {name: self._tenant(name, entries) for name, entries in self._tops.items()}
        if not tenants:
            self._report(
                "B128",
                "the repository holds no tenant",
                ROOT_FILE,
                "make a folder with flags in it, such as acme/flags/my-flag.yaml",
            )
        self._report_case_twins(good, "tenants", lambda name: f"{name}/")
        return Repository(
            burgee=self._burgee,
            tenants={name: tenants[name] for name in good},
            found=self._found,
            files=tuple(sorted(self._files)),
            read=self._sources.read,
            memo=self._memo,
        )

    def _tenant(self, name: str, entries: list[Entry]) -> TenantFiles:
        tenant = TenantFiles(name=name, memo=self._memo.tenant(name))
        values: dict[str, Any] = {}
        for entry in told("reading", entries):
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
                values[path] = self._read(entry, _KINDS[path], memo=tenant.memo)
            else:
                self._stranger(entry, [*TENANT_FILES, *TENANT_FOLDERS])
        self._report_case_twins(list(tenant.flags), "flags", lambda key: tenant.flags[key].path)
        self._report_case_twins(
            list(tenant.segments), "segments", lambda key: tenant.segments[key].path
        )
        _withhold_without_members(tenant)
        tenant.memo.settle(tenant.flags, tenant.segments)
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
            memo=tenant.memo,
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
            self._place(tenant, tenant.locks, key, entry, LOCK)
        elif folder == "flags":
            key = rest.removesuffix(".yaml").replace("/", ".")
            if self._good_key(rest.removesuffix(".yaml"), entry.path):
                self._place(tenant, tenant.flags, key, entry, FLAG)
            else:
                _note_name(tenant, folder, rest, entry)
        else:
            key = rest.removesuffix(".yaml").replace("/", ".")
            if self._good_key(rest.removesuffix(".yaml"), entry.path):
                self._place(tenant, tenant.segments, key, entry, SEGMENT)
            else:
                _note_name(tenant, folder, rest, entry)

    def _place(
        self,
        tenant: TenantFiles,
        files: dict[str, SourceFile],
        key: str,
        entry: Entry,
        kind: Kind,
    ) -> None:
        subject = f"{tenant.name}/{'@' if kind is SEGMENT else ''}{key}"
        if entry.kind != "file" or entry.size > MAX_BYTES:
            self._read(entry, kind, subject)
            held = None
        else:
            held = self._held(tenant.memo, entry, kind, subject)
        files[key] = SourceFile(key, entry.path, held)

    def _held(
        self, memo: TenantMemo, entry: Entry, kind: Kind, subject: str
    ) -> Definition | Deferred | None:
        """Return a file's definition, unread where an earlier run has read these bytes."""
        path = entry.path
        value: Any = None
        record = memo.by_stamp(path, self._stamps.get(path, b""))
        if path in self._ahead:
            record, value = self._ahead.pop(path)
            self._files.append(path)
        elif record is not None:
            self._files.append(path)
        elif self._is_later and kind is FLAG:
            return Deferred(self._tree.read, path, b"", kind, subject)
        else:
            data = self._bytes(entry)
            if data is None:
                return None
            record, value = self._record(memo, entry, data, kind, subject)
        memo.keep_file(path, record)
        self._found += record.found
        self._sources.expect(path, record.digest, record.found)
        if not record.good:
            return None
        if value is not None:
            return value  # type: ignore[no-any-return]
        return Deferred(self._tree.read, path, record.digest, kind, subject)

    def _is_unread(self, tenant: str, entry: Entry, memo: TenantMemo) -> bool:
        path = entry.path
        return (
            path.endswith(".yaml")
            and path.startswith(f"{tenant}/flags/")
            and not path.endswith(".lock.yaml")
            and entry.kind == "file"
            and entry.size <= MAX_BYTES
            and memo.by_stamp(path, self._stamps.get(path, b"")) is None
        )

    def read_flag(self, tenant: str, entry: Entry) -> FileRecord | None:
        """Read one of them ahead of its turn; None where it cannot be read."""
        try:
            data = self._tree.read(entry.path)
        except OSError:  # told when it is its turn
            return None
        subject = f"{tenant}/{key_of(entry.path, f'{tenant}/flags/')}"
        record, value = self._record(self._memo.tenant(tenant), entry, data, FLAG, subject)
        self._ahead[entry.path] = record, None if value is BAD else value
        return record

    def take(self, records: Mapping[str, FileRecord]) -> None:
        """Take what somebody else has read."""
        self._ahead |= {path: (record, None) for path, record in records.items()}

    def rest_later(self) -> Repository:
        """Return the repository with all that was not read so far still to be read."""
        self._is_later = True
        return self._rest()

    def _record(
        self, memo: TenantMemo, entry: Entry, data: bytes, kind: Kind, subject: str
    ) -> tuple[FileRecord, Any]:
        """Return what the bytes of a file come to, and its definition where that was read."""
        if not self._memo.remembers:
            value, found = read_definition(data, entry.path, kind, subject)
            self._sources.keep(entry.path, data, found)
            return FileRecord(b"", b"", b"", value is not BAD, tuple(found)), value
        digest = sha256(data).digest()
        known = memo.by_digest(entry.path, digest)
        if known is not None:
            record = replace(known, stamp=self._stamps.get(entry.path, b""))
            value = None
        else:
            value, found = read_definition(data, entry.path, kind, subject)
            record = FileRecord(
                self._stamps.get(entry.path, b""),
                digest,
                _blob(data),
                value is not BAD,
                tuple(found),
            )
        self._sources.keep(entry.path, data, record.found)
        return record, value

    def _member_file(self, tenant: TenantFiles, entry: Entry) -> None:
        tenant.members[entry.path] = MemberFile(entry.path, None)  # until it has been read
        stem = entry.path.rpartition("/")[2].partition(".")[0]
        if stem.lower() in WINDOWS:
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
            self._note(tenant.memo, entry, data)
            ids, found = read_members(data, entry.path)
            self._found += found
            if not any(each.severity == "error" for each in found):
                tenant.members[entry.path] = MemberFile(entry.path, ids)

    def _read(
        self, entry: Entry, kind: Kind, subject: str | None = None, memo: TenantMemo = NO_MEMO
    ) -> Any:
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
        self._note(memo, entry, data)
        value, found = read_definition(data, entry.path, kind, subject)
        self._sources.keep(entry.path, data, found)
        self._found += found
        return value

    def _note(self, memo: TenantMemo, entry: Entry, data: bytes) -> None:
        """Remember the bytes of a file that is read in every run."""
        if self._memo.remembers:
            digest = sha256(data).digest()
            memo.keep_file(
                entry.path, FileRecord(self._stamps.get(entry.path, b""), digest, _blob(data))
            )

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


def _note_name(tenant: TenantFiles, folder: str, rest: str, entry: Entry) -> None:
    """Note that a name exists though its file is not read: who uses it has made no mistake."""
    files = {"flags": tenant.flags, "segments": tenant.segments}.get(folder, {})
    stem, dot, ending = rest.rpartition(".")
    if dot and ending in ("yaml", "yml") and not stem.endswith(".lock"):
        name = stem.replace("/", ".")
        files.setdefault(name, SourceFile(name, entry.path, None))


def _withhold_without_members(tenant: TenantFiles) -> None:
    """Take a segment for unreadable where a member list that it names is: it would be emptier."""
    if not tenant.members:
        return
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


def _blob(data: bytes) -> bytes:
    """Return the id that git gives a file's bytes, for comparing with what is committed."""
    return sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).digest()
