"""Many films at once: read behind the page, refused by name, taken apart from ZIPs in memory."""

import io
import threading
import time
from collections import deque
from types import SimpleNamespace

import pandas as pd
import pytest
from pydicom import Dataset
from streamlit.testing.v1 import AppTest

from kneeoa.errors import DataError, KneeOAError
from kneeoa.films import unpacked
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.graders.grading import Graders
from pages.cases import batch, columns
from pages.cases.batch import Batch
from pages.cases.session.actions import to_take_along
from pages.shared import session_films
from tests.support.films import dicom_dataset, dicom_file
from tests.support.places import MAIN_SCRIPT
from tests.support.report_films import knee_file
from tests.support.rows import tables
from tests.support.teaching_pages import press, text
from tests.support.zips import zipped

NO_PICTURE = {"SOPClassUID": "1.2.840.10008.1.3.10"}


@pytest.fixture(scope="module")
def graders():
    return Graders()


@pytest.fixture(scope="module")
def film():
    return knee_png(2, seed=1)


def done(work):
    end = time.monotonic() + 60
    while work.left and time.monotonic() < end:
        time.sleep(0.02)
    assert not work.left
    return [(item.name, item.state, item.why[:8]) for item in work.items]


def cd(film):
    """A hospital's CD: its directory, two films without names of any kind, a viewer's program."""
    return zipped(
        {
            "DICOMDIR": without_picture(),
            "AUTORUN.INF": b"[autorun]",
            "VIEWER/VIEWER.EXE": b"MZ\x90\0" * 50,
            "PAT00001/STD00001/IM000001": dicom_file(dicom_dataset(draw_knee(1))),
            "PAT00001/STD00001/IM000002": film,
            "PAT00001/REPORT.TXT": b"A report",
        }
    )


def without_picture(*records):
    """A DICOM directory with `records`, or without any."""
    directory = dicom_dataset(draw_knee(1))
    for name in ("Rows", "Columns", "PixelData", "BitsAllocated"):
        delattr(directory, name)
    directory.SOPClassUID = directory.file_meta.MediaStorageSOPClassUID = NO_PICTURE["SOPClassUID"]
    if records:
        directory.DirectoryRecordSequence = records
    return dicom_file(directory)


def record(kind, number=None, *path):
    made = Dataset()
    made.DirectoryRecordType = kind
    if path:
        made.ReferencedFileID = list(path)
    if number is not None:
        made.InstanceNumber = number
    return made


def test_a_cd_is_taken_apart_by_content(film):
    found = unpacked.films_of(cd(film))
    assert [file.name for file in found.films] == ["IM000001", "IM000002"]
    assert (found.other_pictures, found.passed_over) == (0, 4)
    assert found.sentence == "2 films taken; 4 files without a picture passed over."


def test_films_come_in_the_order_of_the_directory_and_others_after_them(film):
    directory = without_picture(
        record("PATIENT"),
        record("STUDY"),
        record("SERIES"),
        record("IMAGE", 2, "DICOM", "B"),
        record("IMAGE", 1, "DICOM", "C"),
        record("SERIES"),
        record("IMAGE", 1, "DICOM", "A"),
        record("IMAGE", 2, "DICOM", "GONE"),
    )
    names = ["dicom/A", "dicom/B", "dicom/C", "more/IM10", "more/IM2"]
    dicom = dicom_file(dicom_dataset(draw_knee(1)))
    files = {f"CD/{name}": film if name == "dicom/A" else dicom for name in names}
    found = unpacked.films_of(zipped({"CD/DICOMDIR": directory} | files))
    assert [file.name for file in found.films] == ["C", "B", "A", "IM2", "IM10"]


def test_pictures_of_a_cds_viewer_are_no_films(film):
    dicom = dicom_file(dicom_dataset(draw_knee(1)))
    files = {
        "DICOMDIR": without_picture(record("SERIES"), record("IMAGE", 1, "DICOM", "A")),
        "DICOM/A": dicom,
        "DICOM/NOT_NAMED": dicom,
        "VIEWER/logo.png": film,
        "VIEWER/broken.png": b"text",
    }
    found = unpacked.films_of(zipped(files))
    assert [file.name for file in found.films] == ["A", "NOT_NAMED", "broken.png"]
    assert (found.other_pictures, found.passed_over) == (1, 1)


@pytest.mark.parametrize("directory", [b"", b"DICM" * 100, b"\0" * 128 + b"DICM" + b"\xff" * 500])
def test_a_directory_that_cannot_be_read_is_done_without(film, directory):
    found = unpacked.films_of(zipped({"DICOMDIR": directory, "IM10": film, "IM9": film}))
    assert [file.name for file in found.films if file.name != "DICOMDIR"] == ["IM9", "IM10"]


def test_pictures_of_another_kind_are_passed_over_and_counted(film):
    def picture(uid, **tags):
        made = dicom_dataset(draw_knee(1), **tags)
        made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = uid
        return dicom_file(made)

    others = {
        "CT": "1.2.840.10008.5.1.4.1.1.2",
        "MR": "1.2.840.10008.5.1.4.1.1.4",
        "EnhancedMR": "1.2.840.10008.5.1.4.1.1.4.1",
        "US": "1.2.840.10008.5.1.4.1.1.6.1",
        "Segmentation": "1.2.840.10008.5.1.4.1.1.66.4",
    }
    films = {
        "CR": "1.2.840.10008.5.1.4.1.1.1",
        "DX": "1.2.840.10008.5.1.4.1.1.1.1",
        "SC": "1.2.840.10008.5.1.4.1.1.7",
        "Unknown": "1.2.3.4",
    }
    files = {name: picture(uid) for name, uid in (others | films).items()}
    found = unpacked.films_of(zipped(files | {"READ.ME": b"text"}))
    assert [file.name for file in found.films] == sorted(films)
    assert (found.other_pictures, found.passed_over) == (len(others), 1)
    assert "5 pictures of another kind (CT, MR, a viewer's own) and 1 file" in found.sentence
    only = {name: files[name] for name in others}
    with pytest.raises(DataError, match=r"Found none\. 5 pictures in it are CT"):
        unpacked.films_of(zipped(only))


def test_what_calls_itself_a_film_and_is_none_is_kept_to_be_said(film):
    found = unpacked.films_of(zipped({"a.png": b"text", "b.png": film, "c.txt": b"text"}))
    assert [file.name for file in found.films] == ["a.png", "b.png"]


def test_a_zip_without_a_film_is_said():
    with pytest.raises(DataError, match="Expected X-ray films in the ZIP"):
        unpacked.films_of(zipped({"c.txt": b"text"}))
    assert not unpacked.is_zip(b"PKtext")
    assert unpacked.is_zip(zipped({}))


def test_a_zip_that_takes_long_to_look_through_is_refused(film, monkeypatch):
    monkeypatch.setattr(unpacked, "MOST_SECONDS", 0.0)
    with pytest.raises(DataError, match="looked through within 0 seconds"):
        unpacked.films_of(cd(film))


def test_films_are_read_one_after_the_other_and_what_is_refused_keeps_its_reason(graders, film):
    arriving = deque()
    work = Batch("me", arriving)
    assert work.add("one.png", film, graders) == ""
    work.add("notes.png", b"these are notes", graders)
    assert "4 files without a picture passed over" in work.add("cd.zip", cd(film), graders)
    assert done(work) == [
        ("one.png", "read", ""),
        ("notes.png", "refused", "Expected"),
        ("PAT00001/STD00001/IM000001", "read", ""),
        ("PAT00001/STD00001/IM000002", "read", ""),
    ]
    assert [one.name for one in arriving] == ["one.png", "IM000001", "IM000002"]
    assert all(one.readings and one.thumbnail for one in arriving)
    assert all(item.source is None for item in work.items)
    work.tidy()
    assert work.items == []


def test_a_film_that_was_read_is_not_had_twice():
    with pytest.raises(DataError, match="choose it again"):
        batch.Item("knee.png", None).data()


def test_what_is_stopped_is_not_read(graders, film, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_):
        begun.set()
        assert go_on.wait(30)
        raise KneeOAError("Stopped.")

    monkeypatch.setattr(batch, "read_film", slow)
    work = Batch("me", deque())
    for number in range(5):
        work.add(f"{number}.png", film, graders)
    assert begun.wait(30)
    work.stop()
    go_on.set()
    assert [name for name, _, _ in done(work)] == ["0.png"]


def test_what_came_from_behind_the_key_is_left_where_its_reader_signs_out(
    graders, film, monkeypatch
):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*about):
        begun.set()
        assert go_on.wait(30)
        return read(*about)

    read, arriving = batch.read_film, deque()
    monkeypatch.setattr(batch, "read_film", slow)
    work = Batch("me", arriving)
    for number in range(3):
        work.add(f"{number}.png", film, graders, is_behind_key=number < 2)
    assert begun.wait(30)
    work.leave()
    go_on.set()
    assert [name for name, _, _ in done(work)] == ["2.png"]
    assert [film.name for film in arriving] == ["2.png"]


def test_work_rests_while_nobody_is_there(graders, film):
    arriving, there = deque(), threading.Event()
    work = Batch("me", arriving, wanted=there.is_set)
    work.add("one.png", film, graders)
    time.sleep(0.3)
    assert not arriving
    there.set()
    work.go_on()
    assert [state for _, state, _ in done(work)] == ["read"]
    assert len(arriving) == 1


def test_a_fault_of_ours_does_not_end_the_others(graders, film, monkeypatch, caplog):
    read, patient = batch.read_film, "PATIENT^SECRET"

    def breaks(name, *others):
        if name == "0.png":
            raise ZeroDivisionError(patient)
        return read(name, *others)

    monkeypatch.setattr(batch, "read_film", breaks)
    work = Batch("me", deque())
    work.add("0.png", film, graders)
    work.add("1.png", film, graders)
    assert [state for _, state, _ in done(work)] == ["refused", "read"]
    assert "ZeroDivisionError" in caplog.text
    assert "in breaks" in caplog.text
    assert "SECRET" not in caplog.text


def test_too_many_at_once_are_said(graders, film, monkeypatch):
    monkeypatch.setattr(batch, "MOST_FILMS", 2)
    work = Batch("me", deque(), wanted=lambda: False)
    with pytest.raises(DataError, match="at most 2 films to wait"):
        work.add("a.zip", zipped({f"{n}.png": film for n in range(3)}), graders)
    assert work.items == []


def test_a_session_lists_its_films_and_those_that_come(film):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run().switch_page("cases/page.py")
    app.run()
    app.segmented_control(key="view").set_value("session").run()
    assert "No film is open" in text(app)
    files = [("one.png", film, "image/png"), ("<b>.png", b"text", "image/png")]
    app.file_uploader[0].set_value([*files, ("cd.zip", cd(film), "application/zip")])
    app.run()
    end = time.monotonic() + 60
    while app.session_state["batch"].left and time.monotonic() < end:
        time.sleep(0.1)
        app.run()
    app.run()
    (table,) = tables(app)
    names = [row["cells"]["film"] for row in table["rows"]]
    # No file is gone without a word.
    assert names == ["one.png, the same as IM000002", "IM000001", "<b>.png"]
    first, _, refused = table["rows"]
    assert first["cells"]["answer"].startswith("KL ")
    assert first["cells"]["picture"].startswith("data:image/png")
    assert refused["cells"]["answer"] == "not read"
    assert "Expected PNG" in refused["cells"]["doubt"]
    assert "4 files without a picture passed over" in text(app)
    press(app, "batch_tidy")
    assert len(tables(app)[0]["rows"]) == 2
    # They are films of the session like any other.
    app.switch_page("reading/page.py").run()
    assert len(app.session_state["films"]) == 2


def test_the_list_is_taken_along_with_what_was_not_read(graders, film):
    from kneeoa.store.cases import listing

    work = Batch("me", deque())
    work.add("=bad.png", b"text", graders)
    done(work)
    table = to_take_along(listing.table([]), work)
    assert list(table["film"]) == ["=bad.png"]
    stream = io.StringIO()
    table.to_csv(stream)
    assert "Expected PNG" in stream.getvalue()


def test_a_film_that_came_as_two_files_is_taken_along_as_both(monkeypatch):
    film = SimpleNamespace(name="one.png", other_names=("two.png",))
    monkeypatch.setattr(session_films, "all_films", lambda: {"a": film})
    table = columns.under_all_names(pd.DataFrame({"film": ["one.png", "b.png"], "grade": [3, 1]}))
    assert list(zip(table["film"], table["grade"], strict=True)) == [
        *[("one.png", 3), ("b.png", 1), ("two.png", 3)],
    ]


@pytest.mark.parametrize(
    ("path", "tags", "called"),
    [
        ("DICOM/IM000000", {"StudyDescription": "Knee a/p"}, "2024-02-29 Knee a-p"),
        ("PAT1/ST1/SE1/00000001.dcm", {}, "2024-02-29 KNEE"),
        ("A/B/7F3A91C2", {"StudyDate": "", "BodyPartExamined": ""}, "A/B/7F3A91C2"),
        ("left knee.dcm", {"StudyDescription": "Knee"}, "left knee.dcm"),
    ],
)
def test_films_of_a_cd_are_called_by_their_day_and_not_all_the_same(path, tags, called):
    assert batch.named_on_cd(knee_file(**tags), path) == called
    assert batch.named_on_cd(knee_png(2, seed=1), path) == path
