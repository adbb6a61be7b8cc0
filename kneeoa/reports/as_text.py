"""A report as plain text, to copy."""

import textwrap

from kneeoa.reports import wording
from kneeoa.reports.content import KIND, Report
from kneeoa.wording import plain

_WIDTH, _NAME = 68, 19


def as_text(report: Report) -> str:
    """Return the report as lines of at most 68 letters, with a line end at its end."""
    lines = [f"Knee X-ray, {KIND}", report.purpose]
    for heading, entries in wording.sections(report):
        lines += ["", heading]
        for name, text in entries:
            lines += _entry(name, plain(text).replace("\n", " "))
    return "\n".join(lines) + "\n"


def _entry(name: str, text: str) -> list[str]:
    name = plain(name).replace("\n", " ")
    rest = " " * (2 + _NAME)
    if len(name) >= _NAME:
        return [f"  {name}"[:_WIDTH], *_wrapped(text, rest, rest)]
    return _wrapped(text, f"  {name:<{_NAME}}", rest)


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first.rstrip()]
