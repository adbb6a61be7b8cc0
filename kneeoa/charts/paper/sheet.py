"""Figures and tables for a paper in one ZIP: SVG and PDF, CSV, the Python of each, the citation."""

import io
import re
import textwrap
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from kneeoa.spreadsheet import csv_text

_BEGIN = (1980, 1, 1, 0, 0, 0)
"""The time of every file in it: the same content, the same bytes."""
_WHOLE = """import pandas as pd

options = ("max_rows", "max_columns", "max_colwidth")
pd.set_option(*(part for name in options for part in (f"display.{name}", None)))
pd.set_option("display.expand_frame_repr", False)
"""
"""Before the lines of each table: `print` alone would show the ends of a long or wide one."""
README = """{name}

figures/      each as SVG (to edit) and as PDF (fonts embedded)
tables/       CSV in UTF-8. A cell that a spreadsheet would compute has an apostrophe before it
python/       the lines that print each table, where the project is installed (pip install .);
              the folders in them are those of the machine that made this file: name yours
CITATION.txt  what to cite: the films and their split, the runs and published weights by hash
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What goes into the ZIP.

    Attributes
    ----------
    figures : by the name of their file, without suffix
    tables : the same, each with the lines of Python that give it
    citation : text, as from `kneeoa.analysis.many.citation`
    notes : what the figures and tables show, in sentences
    """

    figures: Mapping[str, go.Figure]
    tables: Mapping[str, tuple[pd.DataFrame, str]]
    citation: str
    notes: tuple[str, ...] = ()


def packed(sheet: Sheet, name: str) -> bytes:
    """Return the ZIP, everything in one folder `name`."""
    from kneeoa.charts.paper import drawing  # late: ReportLab takes half a second to load

    notes = [textwrap.fill(note, 96) for note in sheet.notes]
    readme = "\n".join([README.format(name=name), *notes]).strip() + "\n"
    files: dict[str, bytes] = {"README.txt": readme.encode()}
    files["CITATION.txt"] = sheet.citation.encode()
    for title, figure in sheet.figures.items():
        files[f"figures/{slug(title)}.svg"] = drawing.svg(figure)
        files[f"figures/{slug(title)}.pdf"] = drawing.pdf(figure)
    for title, (table, python) in sheet.tables.items():
        files[f"tables/{slug(title)}.csv"] = csv_text(table).encode()
        files[f"python/{slug(title)}.py"] = f"{_WHOLE}{python.strip()}\n".encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            about = zipfile.ZipInfo(f"{name}/{path}", _BEGIN)
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, content)
    return stream.getvalue()


def slug(title: str) -> str:
    """Return a title as the name of a file: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or "untitled"
