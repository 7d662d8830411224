"""Files that have no place in a flag repository, and names that no file should have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from burgee_compiler.diagnostics import Diagnostic, Where, diagnostic, nearest
from burgee_compiler.model.kinds import is_identifier
from burgee_compiler.trees import Entry

__all__ = ["WINDOWS", "Misfits"]

WINDOWS: Final = frozenset(
    ["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)]
)
_LONGEST_KEY: Final = 256


class Misfits:
    """Collects findings about names; the loader reads what is left."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self._passed_over: list[str] = []  # folders that are a finding as a whole

    def _good_tenant(self, name: str) -> bool:
        """Return whether a folder's name may be a tenant's; nodes refuse a set with another."""
        if is_identifier(name) and name.lower() not in WINDOWS:
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
            if not is_identifier(part) or part.lower() in WINDOWS:
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
        if part.lower() in WINDOWS:
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
