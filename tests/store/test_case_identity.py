"""From which saved films the patient is taken out, and how they are known again."""

import hashlib
from dataclasses import replace

import pytest

from kneeoa.errors import ConfigError
from kneeoa.films.phantom import knee_png
from kneeoa.reports.dicom.pseudonyms import SETTING as PSEUDONYMS
from kneeoa.reports.dicom.source import source_of
from kneeoa.store.cases import identity, keeping
from kneeoa.store.cases.films import FilmFileError, FilmFiles
from tests.support.cases import NOW, new_case
from tests.support.report_films import PLANTED, knee_file

DICOM, PNG = knee_file(), knee_png(2, seed=1)


@pytest.fixture
def files(tmp_path):
    return FilmFiles(tmp_path / "films", b"k" * 32)


def kept(db, files, film=DICOM, *, environment=(), **more):
    digest = hashlib.sha256(film).hexdigest()
    new = new_case(digest, name="Plantagenet, Eleonora.dcm", patient=files.mark_of("P"), **more)
    new, content = identity.without_patient(new, film, files, dict(environment))
    return keeping.add(db, files, new, content, NOW)


@pytest.mark.parametrize(
    ("policy", "uploaded", "from_archive"),
    [("remove", True, True), ("uploads", True, False), ("keep", False, False)],
)
def test_the_owner_settles_from_which_films_the_patient_is_taken(policy, uploaded, from_archive):
    found = identity.policy_from({identity.SETTING: f" {policy} "})
    assert identity.is_removed(found, from_archive=False) == uploaded
    assert identity.is_removed(found, from_archive=True) == from_archive


def test_without_a_word_uploads_are_without_their_patients_and_another_word_is_refused():
    assert identity.policy_from({}) == identity.policy_from({identity.SETTING: ""}) == "uploads"
    with pytest.raises(ConfigError, match="one of remove, uploads, keep in KNEEOA_CASES_IDENTITY"):
        identity.policy_from({identity.SETTING: "no"})


@pytest.mark.parametrize("film", [DICOM, PNG])
def test_nothing_that_names_her_is_kept_and_the_film_is_known_again(db, files, film):
    digest = hashlib.sha256(film).hexdigest()
    case = kept(db, files, film, study_date="2024-02-29")
    content = files.read(case.film)
    row = str(keeping.get(db, case.case_id))
    assert not [one for one in PLANTED if one.encode() in content or one in row]
    assert digest not in row
    assert case.name == f"Film {case.film[:6].upper()}"
    assert (case.study_date, case.patient) == ("2024-02-29", files.mark_of("P"))
    assert identity.is_without_patient(case)
    mark = files.marks_of_films([digest])[digest]
    assert keeping.of_film(db, digest) is None
    assert keeping.of_film(db, digest, mark=mark) == keeping.of_film(db, case.film) == case
    # An empty mark, of a folder without a key, is that of no film.
    assert keeping.of_film(db, "b" * 64, mark="") is None


def test_a_film_that_was_kept_as_it_came_is_told_from_one_that_was_not(db, files):
    case = keeping.add(db, files, new_case(hashlib.sha256(PNG).hexdigest()), PNG, NOW)
    assert not identity.is_without_patient(case)


def test_one_film_is_the_same_one_each_time_and_one_patient_the_same_one(db, files):
    first, again = kept(db, files), kept(db, files)
    assert (first.film, first.digest) == (again.film, again.digest)
    other = kept(db, files, knee_file(3, SOPInstanceUID="1.2.3", StudyInstanceUID="1.2.4"))
    ids = [source_of(files.read(case.film)).patient_id for case in (first, other)]
    assert ids[0] == ids[1]
    assert ids[0].startswith("KNEE-")
    elsewhere = FilmFiles(files.folder.parent / "elsewhere")
    assert kept(db, elsewhere).film != first.film


def test_the_key_of_the_owner_names_kept_and_exported_films_alike(db, files):
    key = {PSEUDONYMS: "correct horse battery"}
    from kneeoa.reports.deidentify import deidentified
    from kneeoa.reports.dicom.pseudonyms import pseudonyms_from

    case = kept(db, files, environment=key.items())
    assert files.read(case.film) == deidentified(DICOM, pseudonyms_from(key))


def test_marks_need_the_key_of_the_folder_and_make_none(tmp_path, files):
    assert FilmFiles(tmp_path / "none").marks_of_films(["a" * 64]) == {}
    assert not (tmp_path / "none").exists()
    files.mark_of("P")
    (mark,) = files.marks_of_films(["a" * 64]).values()
    assert len(mark) == 64
    assert files.marks_of_films(["b" * 64])["b" * 64] != mark
    with pytest.raises(FilmFileError, match="another key"):
        replace(files, key=b"o" * 32).marks_of_films(["a" * 64])
