"""Findings: one value, many renderers. What makes one does not know how it is printed."""

from burgee_compiler.diagnostics.codes import CODES, Code, Severity
from burgee_compiler.diagnostics.diagnostic import Diagnostic, Fix, Label, Where, diagnostic
from burgee_compiler.diagnostics.levels import apply_levels, level_problem
from burgee_compiler.diagnostics.nearest import nearest
from burgee_compiler.diagnostics.place import Located, Spot, place
from burgee_compiler.diagnostics.render_github import render_github
from burgee_compiler.diagnostics.render_json import json_form, render_json
from burgee_compiler.diagnostics.render_markdown import render_markdown
from burgee_compiler.diagnostics.render_sarif import render_sarif
from burgee_compiler.diagnostics.render_text import render_text
from burgee_compiler.diagnostics.summary import counts, summary

__all__ = [
    "CODES",
    "Code",
    "Diagnostic",
    "Fix",
    "Label",
    "Located",
    "Severity",
    "Spot",
    "Where",
    "apply_levels",
    "counts",
    "diagnostic",
    "json_form",
    "level_problem",
    "nearest",
    "place",
    "render_github",
    "render_json",
    "render_markdown",
    "render_sarif",
    "render_text",
    "summary",
]
