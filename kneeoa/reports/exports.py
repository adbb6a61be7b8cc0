"""The files of a report: what each is called, and what is in it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from kneeoa.errors import DataError
from kneeoa.files import read_regular, whole_file
from kneeoa.graders.cards.signature import Signature
from kneeoa.graders.grading import Graders
from kneeoa.reports.as_json import as_json
from kneeoa.reports.as_text import as_text
from kneeoa.reports.burned_in import warning
from kneeoa.reports.content import KIND, Comparison, Measurement, ReaderGrade, Report
from kneeoa.reports.dicom.evidence import BY_SOME_VERSION
from kneeoa.reports.dicom.pseudonyms import AsKept, Pseudonyms
from kneeoa.reports.dicom.source import Source, source_of
from kneeoa.reports.making import Read, report_of_knee
from kneeoa.reports.wording import SHORT_HASH

if TYPE_CHECKING:
    from kneeoa.reports.pictures import Pictures

Kind = Literal["text", "json", "pdf", "sr", "sc", "film"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ENDINGS: dict[Kind, str] = {
    "text": "report.txt",
    "json": "report.json",
    "pdf": "report.pdf",
    "sr": "sr.dcm",
    "sc": "sc.dcm",
    "film": "film.dcm",
}
MIME: dict[Kind, str] = {
    "text": "text/plain",
    "json": "application/json",
    "pdf": "application/pdf",
    "sr": "application/dicom",
    "sc": "application/dicom",
    "film": "application/dicom",
}
_SIDE = {"R": "right", "L": "left", "unknown": "knee"}
_SHOWN_ON = {"R": "left", "L": "right"}
"""Where of the image a knee lies on a film of both, the patient facing the reader."""
_MOST_BYTES = 200_000_000


@dataclass(frozen=True, eq=False)
class Exports:
    """All that one reading can be exported as; each is made when it is asked for.

    Attributes
    ----------
    read : the reading
    data : the bytes of the film's file
    graders : what read it
    now : UTC
    with_patient : whether the patient is asked for: her name and birth date in the report, or the
        name of a file that says neither, and DICOM objects that belong to the film's own study.
        Otherwise they, and the film itself, are without her, tied together by `pseudonyms`, which
        are `AsKept` of a film whose patient was taken out before
    reader, measurements : as of a `Report`
    comparison : as of `kneeoa.reports.making.report_of_knee`
    known_text : what `text_warning` would find, where it was looked for before
    """

    read: Read
    data: bytes
    graders: Graders
    signature: Signature
    now: datetime
    pseudonyms: Pseudonyms
    with_patient: bool = False
    reader: ReaderGrade | None = None
    measurements: Sequence[Measurement] = ()
    comparison: Comparison | None = None
    known_text: str | None = None

    @cached_property
    def source(self) -> Source | None:
        """What a DICOM file says of itself; None of others."""
        return source_of(self.data) if self.is_dicom else None

    @property
    def is_dicom(self) -> bool:
        """Whether the film came as DICOM."""
        return self.read.radiograph.source == "DICOM"

    @cached_property
    def text_warning(self) -> str:
        """What must be known of text in the film's pixels; empty where there seems none."""
        if self.known_text is not None:
            return self.known_text
        burned_in = self.source.burned_in if self.source else ""
        return warning(self.read.radiograph.pixels, burned_in)

    @cached_property
    def report(self) -> Report:
        """The report."""
        return report_of_knee(
            self.read,
            self.graders,
            now=self.now,
            signature=self.signature,
            source=self.source,
            with_patient=self.with_patient,
            reader=self.reader,
            measurements=self.measurements,
            comparison=self.comparison,
            text_warning=self.text_warning,
        )

    @cached_property
    def _pictures(self) -> "Pictures":
        from kneeoa.reports.pictures import pictures_of

        return pictures_of(self.read, self.graders)

    @property
    def _hidden_by(self) -> Pseudonyms | None:
        return None if self.with_patient else self.pseudonyms

    def name(self, kind: Kind) -> str:
        """Return what the file of a kind is called: nothing of the patient stands in it.

        One in which she is named is called otherwise than one in which she is not, so that neither
        takes the other's place, nor is taken for it.
        """
        ending = ENDINGS[kind]
        if kind == "film" and not self.is_dicom:
            ending = "film.png"
        named = "with-patient-" if self.with_patient and kind != "film" else ""
        return f"{self._stem()}-{named}{ending}"

    def _stem(self) -> str:
        film = self.read.radiograph.digest[:SHORT_HASH]
        where = self.read.frame.name.partition(" ")[0] if "image" in self.read.frame.name else ""
        side = _SIDE[self.read.side]
        # Of two knees by where each lies in the image, where their sides are unknown or other than
        # a film of both shows them: the reader may have both be of one side.
        if not where or _SHOWN_ON.get(self.read.side) == where:
            return f"{film}-{side}"
        place = f"image-{where}"
        return f"{film}-{place}" if side == "knee" else f"{film}-{side}-{place}"

    def content(self, kind: Kind, tell: Callable[[str], None] = lambda step: None) -> bytes:
        """Return the bytes of the file of a kind; raise `KneeOAError` where it cannot be made.

        `tell` is told what is being done, as `deidentified` says it, where that may take long.
        """
        # Late: each library is loaded by whom it serves.
        if kind == "text":
            return as_text(self.report).encode()
        if kind == "json":
            return as_json(self.report).encode()
        if kind == "pdf":
            from kneeoa.reports.as_pdf import as_pdf

            return as_pdf(self.report, self._pictures)
        if kind == "sr":
            from kneeoa.reports.structured_report import structured_report

            return structured_report(self.report, self.source, pseudonyms=self._hidden_by)
        if kind == "sc":
            from kneeoa.reports.secondary_capture import secondary_capture

            return secondary_capture(
                self.report,
                self._pictures,
                self.source,
                pseudonyms=self._hidden_by,
                has_text=bool(self.text_warning),
            )
        from kneeoa.reports.deidentify import deidentified

        if isinstance(self.pseudonyms, AsKept):
            return self.data
        return deidentified(self.data, self.pseudonyms, tell=tell)


def expect_room(folder: Path, names: Iterable[str]) -> None:
    """Raise `DataError` unless `names` may be written into `folder`.

    They may where there is nothing yet, or a file of an older report.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"Expected a folder for the report. {folder} is something else.")
    for place in (folder / name for name in names):
        if (place.exists() or place.is_symlink()) and not is_ours(place):
            raise DataError(
                f"Expected to write the report to {place}. That file holds something else, which "
                "would be lost: name another folder, or move it away."
            )


def write(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files into `folder`, each whole; raise as `expect_room` does before any is written."""
    expect_room(folder, files)
    for name, content in files.items():
        with whole_file(folder / name) as stream:
            stream.write(content)
    return [folder / name for name in files]


def is_ours(file: Path) -> bool:
    """Return whether `file` is an ordinary file of an older report."""
    try:
        if file.is_symlink():
            return False
        content = read_regular(file, _MOST_BYTES)
    except OSError:
        return False
    if file.suffix == ".json":
        try:
            return json.loads(content)["kind"] == KIND
        except (ValueError, TypeError, KeyError, RecursionError):
            return False
    starts = {".txt": b"Knee X-ray, ", ".pdf": b"%PDF-", ".png": b"\x89PNG"}
    is_marked = KIND.encode() in content or BY_SOME_VERSION.search(content) is not None
    if file.suffix == ".dcm":
        return content[128:132] == b"DICM" and is_marked
    return content.startswith(starts.get(file.suffix, b"\0")) and is_marked
