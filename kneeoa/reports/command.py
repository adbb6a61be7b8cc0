"""``python -m kneeoa report FILM --out FOLDER``: what the command does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kneeoa import room, terminal
from kneeoa.errors import RadiographError
from kneeoa.files import read_regular
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.films.phantom import is_drawn
from kneeoa.films.radiograph import Radiograph, read_radiograph
from kneeoa.graders import track_record
from kneeoa.graders.cards.signature import Signature
from kneeoa.graders.grading import Graders, Reading
from kneeoa.graders.locating.found import Found, Knee, refusal_in
from kneeoa.reports import exports, wording
from kneeoa.reports.content import side_named
from kneeoa.reports.dicom.pseudonyms import pseudonyms_from
from kneeoa.reports.exports import Exports, Kind
from kneeoa.reports.making import Read, side_from

NAME = "kneeoa"
USUAL: tuple[Kind, ...] = ("pdf", "text", "json", "sr", "sc")


def report(
    film: Path,
    folder: Path,
    graders: Graders,
    *,
    signature: Signature,
    kinds: Sequence[Kind] = (),
    anyway: bool = False,
    with_patient: bool = False,
    show: Callable[[str], None],
) -> int:
    """Write the reports of a film's knees into `folder`; return the exit code.

    Parameters
    ----------
    kinds : none for all that the film allows
    anyway : whether to grade what is refused
    with_patient : as of `Exports`
    show : is told where each file is
    """
    data = _bytes_of(film)
    radiograph = read_radiograph(data, film.name)
    located = graders.find(radiograph)
    pseudonyms = pseudonyms_from()
    made: list[tuple[Exports, Kind]] = []
    code = terminal.DONE
    text: str | None = None  # of the whole film, whichever knee
    for knee in located.knees:
        reported = Exports(
            read=replace(
                _read(radiograph, located, knee, graders, anyway=anyway), drawn=is_drawn(data)
            ),
            data=data,
            graders=graders,
            signature=signature,
            now=datetime.now(UTC),
            pseudonyms=pseudonyms,
            with_patient=with_patient,
            known_text=text,
        )
        text = reported.text_warning
        wanted, lacking = _possible(reported, kinds)
        made += [(reported, kind) for kind in wanted]
        if lacking or not reported.report.graded:
            code = terminal.SOME_FAILED
        _tell(reported)
    if not made:
        raise RadiographError(lacking)
    # Before the work of making them.
    exports.expect_room(folder, [reported.name(kind) for reported, kind in made])
    files = {}
    for reported, kind in made:
        name = reported.name(kind)
        # Without a number: only what takes a while is told, and the others would seem left out.
        with terminal.telling(NAME, f"{name} is being made."):
            files[name] = reported.content(kind)
    for place in exports.write(folder, files):
        show(str(place))
    if lacking:
        terminal.say(NAME, lacking)
    return code


def expect_film(film: Path) -> None:
    """Raise `RadiographError` where `film` is no file: known at once, before anything is loaded."""
    if film.is_dir():
        raise RadiographError(
            f"Expected one film to report on. {film} is a folder: name a file in it, or have all "
            "of it graded by `grade`."
        )
    try:
        film.stat()
    except OSError as error:
        raise _cannot_be_opened(film, error) from None


def expect_folder(folder: Path) -> None:
    """Raise `DataError` where no report can be written into `folder`, be it new."""
    exports.expect_room(folder, ())
    room.expect_room(folder, "the report")


def _cannot_be_opened(film: Path, error: OSError) -> RadiographError:
    return RadiographError(f"Expected a film. {film} cannot be opened: {error.strerror}.")


def _bytes_of(film: Path) -> bytes:
    try:
        return read_regular(film, DEFAULT_LIMITS.max_bytes)
    except OSError as error:
        raise _cannot_be_opened(film, error) from None


def _read(
    radiograph: Radiograph, located: Found, knee: Knee, graders: Graders, *, anyway: bool
) -> Read:
    """Have the networks read a knee, unless it is refused."""
    findings = located.against(knee)
    shown = located.to_grade(radiograph)
    refused = refusal_in(findings) is not None
    readings: tuple[Reading, ...] = ()
    together = None
    if anyway or not refused:
        readings, together = graders.read_both(shown, knee.frame)
    # What the film itself says is in every report.
    notes = tuple(note for note in graders.notes_on(radiograph) if note not in radiograph.notes)
    number = located.knees.index(knee)
    box = knee.frame
    if graders.profile:  # which may have the whole film graded
        box = graders.localiser.find(radiograph).knees[number].frame
    return Read(
        radiograph=shown,
        frame=knee.frame,
        box=box,
        findings=findings,
        readings=readings,
        together=together,
        side=side_named(knee.side),
        side_from=side_from(knee.side, located, number),
        notes=notes if readings else (),
        measured=track_record.is_like(
            findings,
            knee.frame,
            shown.pixels.shape,
            graders.profile,
            notes=radiograph.notes,
            as_proposed=True,
        ),
    )


def _possible(reported: Exports, kinds: Sequence[Kind]) -> tuple[Sequence[Kind], str]:
    """Return which kinds can be made, and why one that was named cannot."""
    source = reported.source
    if source is not None and source.can_be_referred_to:
        return kinds or USUAL, ""
    possible = tuple(kind for kind in kinds or USUAL if kind != "sr")
    if "sr" not in kinds:
        return possible, ""
    from kneeoa.reports.structured_report import NO_SOURCE

    return possible, NO_SOURCE


def _tell(reported: Exports) -> None:
    """Say what the report says, and what its reader must look at before she hands it on."""
    knee_report = reported.report
    terminal.say(NAME, f"{wording.knee_line(knee_report)}: {wording.headline(knee_report)}.")
    for line in wording.findings(knee_report):
        terminal.say(NAME, line)
