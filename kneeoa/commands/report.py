"""``python -m kneeoa report``: one film, as files to keep or send."""

import argparse

from kneeoa import terminal
from kneeoa.commands import loading

EPILOG = (
    "Without a format, all that the film allows. Files are named by the film's SHA-256 and written "
    "over nothing but older reports. Exit code: 0 the report is written, 1 it is, and says that a "
    "knee was not graded, or lacks a format, 2 none was, 130 it was stopped. For research and "
    "teaching; not a medical device. See docs/reports.md."
)


def add_to(commands: "argparse._SubParsersAction[terminal.Parser]") -> None:
    """Add the command to those of ``python -m kneeoa``."""
    report = commands.add_parser("report", help="a report of one film", epilog=EPILOG)
    report.add_argument(
        "film", type=terminal.path, metavar="FILM", help="one PNG, JPEG, TIFF or DICOM file"
    )
    report.add_argument(
        "--out",
        type=terminal.path,
        required=True,
        metavar="FOLDER",
        help="where its files go; made where it is not there",
    )
    for kind, help_ in (
        ("pdf", "one page of A4"),
        ("text", "plain text"),
        ("json", "for programs"),
        ("sr", "DICOM Structured Report, of DICOM films"),
        ("sc", "DICOM Secondary Capture"),
        ("film", "the film itself, without its patient; only where it is named"),
    ):
        report.add_argument(
            f"--{kind}", dest="kinds", action="append_const", const=kind, help=help_
        )
    report.add_argument(
        "--with-patient",
        action="store_true",
        help="with the patient's name and numbers, the name of the file, and DICOM objects in the "
        "film's own study; without it they are de-identified",
    )
    report.add_argument(
        "--grade-anyway",
        action="store_true",
        help="grade what looks like no frontal knee, too; the report says so",
    )
    loading.add_networks(report)
    report.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the report of a film; return the exit code."""
    from kneeoa.graders.profile import read_profile
    from kneeoa.reports import command

    # Before the seconds that the networks take.
    command.expect_film(options.film)
    command.expect_folder(options.out)
    profile = read_profile(options.profile) if options.profile else None
    return command.report(
        options.film,
        options.out,
        loading.graders(options, profile),
        signature=loading.signature(options),
        kinds=options.kinds or (),
        anyway=options.grade_anyway,
        with_patient=options.with_patient,
        show=print,
    )
