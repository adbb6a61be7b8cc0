"""What is tested with a real archive. Run by `test_orthanc` in a network of its own."""

import io
import urllib.error
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pydicom
import pytest
from PIL import Image
from pydicom.uid import JPEG2000Lossless

from kneeoa.films.radiograph import read_radiograph
from kneeoa.pacs import outbox
from kneeoa.pacs.classic.station import Classic
from kneeoa.pacs.inbox import FolderInbox, MemoryInbox
from kneeoa.pacs.part10 import data_set
from kneeoa.pacs.problems import LostError
from kneeoa.pacs.query import Search
from kneeoa.pacs.receiver import FilmReceiver
from kneeoa.pacs.settings import Receiver, Secret
from kneeoa.pacs.web import Web
from kneeoa.store.database import open_store
from tests.support.archive import INSTANCE, PATIENT, film, report
from tests.support.films import encapsulated
from tests.support.orthanc import OURS, RunningOrthanc

SETTINGS = Receiver(port=OURS, callers=("ORTHANC",))
NOW = datetime(2030, 1, 2, tzinfo=UTC)
FILMS = [film(f"1.2.3.1.1.{number}", ImageComments=str(number)) for number in range(1, 4)]
OTHER = film(
    "1.2.9.1.1", study="1.2.9", series="1.2.9.1", PatientID="ANOTHER", BodyPartExamined="CHEST"
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    running = RunningOrthanc(tmp_path_factory.mktemp("orthanc"))
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def kept(archive):
    """The films that it keeps, as it calls them."""
    return [archive.put(data) for data in (*FILMS, OTHER)]


def pixels_of(data):
    return read_radiograph(data, "film").pixels


def compressed_film():
    """Return a film as JPEG 2000."""
    dataset = pydicom.dcmread(io.BytesIO(film("1.2.6.1", study="1.2.6", series="1.2.6.1.1")))
    stream = io.BytesIO()
    image = Image.fromarray(dataset.pixel_array)
    image.save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    return encapsulated(dataset, stream.getvalue(), JPEG2000Lossless)


def receiving(inbox):
    return FilmReceiver(SETTINGS, lambda film: inbox.take_in(film.data, film.described))


@pytest.mark.parametrize(
    "search",
    [
        Search(patient_id=PATIENT),
        Search(accession="A1", patient_id=PATIENT),
        Search(first=date(2026, 1, 1), last=date(2026, 1, 3), patient_id=PATIENT),
        Search(name="SECRET^PAT", patient_id=PATIENT),
    ],
)
def test_a_patients_films_are_found(archive, kept, search):
    (series,) = Web(archive.server()).find(search).series
    assert (series.patient_id, series.films, series.modality) == (PATIENT, len(FILMS), "DX")
    assert (series.knee, series.day, series.accession) == ("yes", date(2026, 1, 2), "A1")


def test_a_day_holds_the_films_of_all_patients_and_only_knees_are_shown(archive, kept):
    found = Web(archive.server()).find(Search(first=date(2026, 1, 2), last=date(2026, 1, 2)))
    assert {one.patient_id for one in found.series} == {PATIENT, "ANOTHER"}
    assert {one.patient_id for one in found.knees()} == {PATIENT}
    assert Web(archive.server()).find(Search(first=date(2026, 1, 3))).series == ()


def test_films_open_as_they_were_kept(archive, kept):
    web = Web(archive.server())
    came = list(web.films(web.find(Search(patient_id=PATIENT)).series))
    assert len(came) == len(FILMS)
    for one in came:
        assert not one.why_not
        assert (pixels_of(one.data) == pixels_of(FILMS[0])).all()


def test_a_wrong_password_is_said(archive, tmp_path):
    (tmp_path / "wrong").write_text("wrong")
    server = replace(archive.server(), password=Secret(file=str(tmp_path / "wrong")))
    with pytest.raises(LostError, match="refuses the log-in"):
        Web(server).find(Search(patient_id=PATIENT))


def test_films_are_pushed_to_the_receiver(archive, kept):
    inbox = MemoryInbox(SETTINGS)
    compressed = archive.put(compressed_film())
    receiver = receiving(inbox)
    receiver.start()
    try:
        archive.ask("/modalities/kneeoa/echo", {})
        archive.push(*kept, compressed)
        archive.push(kept[0])  # again
    finally:
        receiver.stop()
    films = inbox.listed()
    assert len(films) == len(kept) + 1
    assert sum(one.described["patient_id"] == PATIENT for one in films) == len(FILMS) + 1
    for one in films:
        pixels_of(inbox.read(one.digest))


def test_what_the_receiver_could_not_take_is_pushed_again(archive, kept, tmp_path):
    inbox = FolderInbox(replace(SETTINGS, folder=str(tmp_path / "in"), most_films=2))
    receiver = receiving(inbox)
    with pytest.raises(urllib.error.HTTPError):
        archive.push(*kept)  # nobody listens
    receiver.start()
    try:
        with pytest.raises(urllib.error.HTTPError):
            archive.push(*kept)  # there is no room for all
        first = inbox.listed()
        for one in first:
            inbox.remove(one.digest)
        archive.push(*kept[2:])
    finally:
        receiver.stop()
    assert len(first) == 2
    assert len({one.digest for one in (*first, *inbox.listed())}) == len(kept)


def instances(archive, instance):
    return archive.ask("/tools/lookup", instance.encode())


def test_a_report_is_stored_and_stays_one(archive):
    web, data = Web(archive.server()), report("1.2.7.1")
    assert web.holds("1.2.7.1") is False
    web.store(data)
    web.store(data)
    assert web.holds("1.2.7.1") is True
    assert len(instances(archive, "1.2.7.1")) == 1
    web.store(film("1.2.7.2"))
    assert web.holds(INSTANCE) is True


def test_a_report_goes_back_without_dicomweb(archive):
    web, classic = Web(archive.server()), Classic(archive.station())
    data = report("1.2.7.9")
    classic.store(data)
    classic.store(data)
    assert len(instances(archive, "1.2.7.9")) == 1
    assert web.holds("1.2.7.9") is True
    picture = film("1.2.7.10")
    classic.store(picture)
    (place,) = [one for one in instances(archive, "1.2.7.10") if one["Type"] == "Instance"]
    assert data_set(archive.ask_bytes(f"/instances/{place['ID']}/file")) == data_set(picture)


def test_a_report_waits_for_an_archive_that_was_killed(archive, tmp_path):
    db = open_store(f"sqlite:///{tmp_path}/store.sqlite")
    server, clock = archive.server(), [NOW]
    archive.kill()
    outbox.put(db, server, report("1.2.8.1"), NOW)
    outbox.deliver(db, [server], lambda: clock[0])
    (entry,) = outbox.entries(db)
    assert (entry.state, entry.tries) == ("waiting", 1)
    assert "Nobody answers there" in entry.said
    assert outbox.deliver(db, [server], lambda: clock[0]) is None  # not before its time
    archive.start()
    clock[0] += timedelta(hours=1)
    outbox.deliver(db, [server], lambda: clock[0])
    assert outbox.entries(db)[0].state == "sent"
    assert len(instances(archive, "1.2.8.1")) == 1
    db.dispose()
