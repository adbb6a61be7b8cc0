"""``python -m kneeoa pacs``: find and fetch films, send reports, receive what is pushed."""

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa import terminal
from kneeoa.errors import ConfigError, KneeOAError

if TYPE_CHECKING:
    from kneeoa.pacs.query import Place, Series
    from kneeoa.pacs.receiver import Pushed
    from kneeoa.pacs.web import Web

EPILOG = (
    "Archives and receiver are named in the file of KNEEOA_PACS, or in KNEEOA_PACS_URL and its "
    "like: see docs/pacs.md. Exit code: 0 all done, 1 some could not be, 2 it could not be done, "
    "130 it was stopped (0 where SIGTERM ends receive); what was done stays."
)
COLUMNS = (
    *("day", "time", "patient_id", "patient_name", "accession", "modality", "body_part", "side"),
    *("description", "study_description", "films", "knee", "study", "series"),
)
"""Of the table of `find`."""
MOST_FETCHED = 10_000
"""Films of one `fetch`; in a page there are fewer at once."""


def add_to(commands: "argparse._SubParsersAction[terminal.Parser]") -> None:
    """Add the command to those of ``python -m kneeoa``."""
    pacs = commands.add_parser("pacs", help="films and reports of an archive", epilog=EPILOG)
    tasks = pacs.add_subparsers(metavar="TASK", dest="task", required=True)
    find = tasks.add_parser("find", help="list X-rays of an archive, as CSV", epilog=EPILOG)
    _add_search(find)
    find.set_defaults(run=_find, stopped="Stopped. Nothing was changed.")
    fetch = tasks.add_parser("fetch", help="fetch knee films of an archive", epilog=EPILOG)
    _add_search(fetch)
    fetch.add_argument("--series", action="append", metavar="UID", help="these of them alone")
    fetch.add_argument(
        "--out", type=terminal.path, required=True, metavar="DIR", help="where they go"
    )
    fetch.set_defaults(run=_fetch, stopped="Stopped. The films that came stay.")
    send = tasks.add_parser("send", help="send DICOM reports to an archive", epilog=EPILOG)
    send.add_argument(
        "files", nargs="*", type=terminal.path, metavar="FILE", help="without one: all that waits"
    )
    send.add_argument("--server", default="", metavar="NAME", help="the archive, if several")
    send.set_defaults(run=_send, stopped="Stopped. What was not sent waits.")
    receive = tasks.add_parser("receive", help="receive films that are pushed", epilog=EPILOG)
    receive.add_argument("--folder", default="", metavar="DIR", help="another than configured")
    receive.set_defaults(run=_receive, stopped="Stopped. The films that came stay.")


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", default="", metavar="NAME", help="the archive, if several")
    parser.add_argument("--patient", default="", metavar="ID", help="the patient's number")
    parser.add_argument("--name", default="", help="the patient's name: FAMILY, GIVEN")
    parser.add_argument("--accession", default="", metavar="NUMBER", help="of the request")
    parser.add_argument("--from", dest="first", type=_day, metavar="DAY", help="such as 2026-11-28")
    parser.add_argument("--to", dest="last", type=_day, metavar="DAY", help="this day included")
    parser.add_argument("--all", action="store_true", help="what is said to be no knee, too")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"Expected a day as 2026-11-28. Received: {text}.") from None


def _found(options: argparse.Namespace) -> "tuple[Web, tuple[Series, ...], bool]":
    """Return the archive, the series that are looked for, and whether these are all it has.

    What was left out is said.
    """
    from kneeoa.pacs.configured import pacs_from
    from kneeoa.pacs.query import Search
    from kneeoa.pacs.web import Web
    from kneeoa.wording import counted

    search = Search(
        patient_id=options.patient,
        name=options.name,
        accession=options.accession,
        first=options.first,
        last=options.last,
    )
    web = Web(pacs_from().server(options.server))
    answer = web.find(search)
    if answer.cut:
        terminal.say("kneeoa", "The archive has more than are listed: ask for less at once.")
    if answer.passed_over:
        odd = counted(answer.passed_over, "answer")
        terminal.say("kneeoa", f"left out {odd} of the archive that were not asked for.")
    series = answer.series if options.all else answer.knees()
    if len(series) < len(answer.series):
        others = len(answer.series) - len(series)
        terminal.say("kneeoa", f"left out {others} series of other body parts (--all lists them).")
    return web, series, not answer.cut


def _find(options: argparse.Namespace) -> int:
    import pandas as pd

    from kneeoa.spreadsheet import csv_text

    _, listed, are_all = _found(options)
    rows = [{name: getattr(series, name) for name in COLUMNS} for series in listed]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"films": "Int64"})
    sys.stdout.write(csv_text(table))
    return terminal.DONE if are_all else terminal.SOME_FAILED


def _fetch(options: argparse.Namespace) -> int:
    import hashlib

    from kneeoa.files import whole_file
    from kneeoa.wording import counted

    web, listed, are_all = _found(options)
    if options.series:
        listed = tuple(series for series in listed if series.series in options.series)
    if not listed:
        raise KneeOAError("Expected X-ray films to fetch. The archive has none of these.")
    options.out.mkdir(mode=0o700, parents=True, exist_ok=True)

    def file_of(place: "Place") -> Path:
        # Nothing of a patient stands in the name, and a film that is there is not fetched again.
        return options.out / f"{hashlib.sha256(place.instance.encode()).hexdigest()[:20]}.dcm"

    failed = count = 0
    films = web.films(
        listed,
        most_films=MOST_FETCHED,
        most_bytes=sys.maxsize,
        wanted=lambda place: not file_of(place).exists(),
    )
    for film in films:
        if film.why_not:
            failed += 1
            terminal.say("kneeoa", film.why_not)
            continue
        with whole_file(file_of(film.place), mode=0o600) as stream:
            stream.write(film.data)
        count += 1
    print(f"{counted(count, 'new film')} in {terminal.printable(str(options.out))}")
    if failed:
        terminal.say("kneeoa", f"{counted(failed, 'film')} could not be fetched.")
    return terminal.DONE if are_all and not failed else terminal.SOME_FAILED


def _send(options: argparse.Namespace) -> int:
    from kneeoa.files import read_regular
    from kneeoa.pacs import outbox
    from kneeoa.pacs.configured import pacs_from
    from kneeoa.pacs.part10 import identity
    from kneeoa.pacs.sealing import cipher_of
    from kneeoa.pacs.sender import utc_now
    from kneeoa.store.database import open_store

    pacs = pacs_from()
    server = pacs.taker(options.server)
    # All of them before the first is put in: a name that was mistyped sends nothing.
    contents = [read_regular(file, outbox.LARGEST) for file in options.files]
    for content in contents:
        identity(content)
    db = open_store(os.environ.get("KNEEOA_DATABASE_URL"))
    cipher = cipher_of(os.environ)
    if contents:
        numbers = [outbox.put(db, server, data, utc_now(), cipher=cipher) for data in contents]
    else:
        numbers = [entry.entry_id for entry in outbox.entries(db, 10_000) if entry.state != "sent"]
    for entry in outbox.entries(db, only=numbers):
        if entry.sent_at is not None:
            terminal.say(
                "kneeoa",
                f"{entry.kind} {entry.entry_id} was sent before, on {entry.sent_at:%Y-%m-%d}, and "
                "is not sent again.",
            )
    outbox.retry(db, utc_now(), numbers)
    while outbox.deliver(db, pacs.takers, utc_now, cipher=cipher, only=numbers) is not None:
        pass
    wait = [entry for entry in outbox.entries(db, only=numbers) if entry.state != "sent"]
    for entry in reversed(wait):
        what = "was refused" if entry.state == "failed" else "waits"
        reason = entry.said or "Another process is sending it."
        if entry.server not in {taker.name for taker in pacs.takers}:
            reason = f"Its archive, {entry.server}, is no longer in the settings."
        terminal.say("kneeoa", f"{entry.kind} {entry.entry_id} {what}. {reason}")
    print(f"{len(set(numbers)) - len(wait)} of {len(set(numbers))} sent")
    if wait:
        terminal.say(
            "kneeoa",
            "What waits is kept, and sent by the dashboard, or by this command without a file.",
        )
    return terminal.SOME_FAILED if wait else terminal.DONE


def _receive(options: argparse.Namespace) -> int:
    from kneeoa.pacs.configured import pacs_from
    from kneeoa.pacs.inbox import FolderInbox
    from kneeoa.pacs.receiver import FilmReceiver
    from kneeoa.pacs.sealing import cipher_of

    settings = pacs_from(folder=options.folder).receiver
    if settings is None:
        raise ConfigError(
            "Expected a receiver in the settings: its port in KNEEOA_RECEIVER_PORT, or a table "
            "receiver in the file that KNEEOA_PACS names."
        )
    if not settings.folder:
        raise ConfigError("Expected a folder for the films: --folder DIR, or folder in settings.")
    inbox = FolderInbox(settings, cipher=cipher_of(os.environ))

    def keep(film: "Pushed") -> None:
        inbox.take_in(film.data, film.described)
        now = datetime.now().strftime("%H:%M:%S")
        terminal.say("kneeoa", f"{now} a film of {len(film.data) / 1e6:.1f} MB was received.")

    receiver = FilmReceiver(settings, keep)
    with _ended_by_service_manager(options.stopped):
        receiver.start()
        terminal.say(
            "kneeoa",
            f"receives films on {settings.address}, port {receiver.port}, as {settings.ae_title}, "
            f"into {settings.folder}. Ctrl-C ends it.",
        )
        try:
            threading.Event().wait()  # for Ctrl-C, or SIGTERM
        finally:
            receiver.stop()
    return terminal.DONE


@contextlib.contextmanager
def _ended_by_service_manager(sentence: str) -> Iterator[None]:
    """Have SIGTERM end with 0: whatever manages services would call another code a failure."""

    def end(*_: object) -> None:
        terminal.say("kneeoa", sentence)
        sys.exit(terminal.DONE)

    before = signal.getsignal(signal.SIGTERM)
    if before is signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
