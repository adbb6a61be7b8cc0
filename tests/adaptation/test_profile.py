"""A profile on disk: what it holds, what is refused, and when none is written."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from kneeoa.adaptation import writing
from kneeoa.adaptation.listing import LeftOut
from kneeoa.errors import DataError, ModelError
from kneeoa.graders.profile import MOST_BYTES, read_profile
from kneeoa.graders.profiles.record import check_name
from kneeoa.metrics import agreement, conformal
from tests.support import habits

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def adaptation():
    """What sixty films of thirty patients teach."""
    return habits.learnt(*habits.knees(60, seed=1, bilateral=True))


@pytest.fixture
def folder(adaptation, tmp_path):
    """A profile that a test may damage."""
    writing.write_profile(adaptation, tmp_path / "profile", name="County *hospital*", now=NOW)
    return tmp_path / "profile"


def change(folder, **fields):
    file = folder / "profile.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def put_weights(folder, data):
    (folder / "weights.npz").write_bytes(data)
    change(folder, weights_sha256=hashlib.sha256(data).hexdigest())


def test_it_comes_back_as_it_was_learnt(adaptation, folder):
    profile = read_profile(folder)
    assert profile.name == "County *hospital*"
    assert profile.record.created_at == "2026-01-02T00:00:00+00:00"
    for name, refit in adaptation.refits.items():
        np.testing.assert_array_equal(profile.heads[name].kernel, refit.head.kernel)
        np.testing.assert_array_equal(profile.heads[name].bias, refit.head.bias)
    assert profile.record.answers == adaptation.answers
    assert profile.record.of.films == 60
    assert profile.record.of.patients == 30
    assert profile.record.better
    # Of the grade that is said, which is the median, and not of the most probable one.
    right = adaptation.answers["together"].grades(adaptation.after["together"])
    right = (right == adaptation.films.grades).mean()
    value, low, high = profile.accuracy
    assert value == pytest.approx(right)
    assert low < right < high
    line = f"As graded at County *hospital*, 60 films, {right:.0%} right"
    assert profile.case_line == f"{line} ({100 * low:.0f} to {high:.0%})"
    assert len(profile.digest) == 64


def test_every_figure_follows_from_its_predictions(folder):
    record = read_profile(folder).record
    table = pd.read_csv(folder / "predictions.csv")
    for when in ("before", "after"):
        shares = table[[f"{when}{grade}" for grade in range(5)]].to_numpy()
        summary = agreement.summary(table["grade"].to_numpy(), shares)
        for name in ("accuracy", "quadratic_kappa", "within_one_grade", "auc_kl2"):
            value, low, high = record.figures["together"][name][when]
            assert value == pytest.approx(summary[name], abs=1e-6), name
            assert low <= value <= high
    threshold = conformal.calibrate(shares, table["grade"].to_numpy(), table["patient"])
    assert record.answers["together"].threshold == pytest.approx(threshold, abs=1e-5)
    said = record.answers["together"].grades(shares)
    counts = [one and (one["count"], one["total"]) for one in record.track_record["together"]]
    for grade, found in enumerate(counts):
        given = table["grade"][said == grade]
        assert found == (((given == grade).sum(), len(given)) if len(given) else None)


def test_it_names_neither_films_nor_patients(adaptation, folder):
    text = (folder / "profile.json").read_text() + (folder / "predictions.csv").read_text()
    assert "patient 1" not in text
    assert ".png" not in text
    table = pd.read_csv(folder / "predictions.csv")
    assert set(table["patient"]) == set(range(30))
    assert table["film"].tolist() == sorted(table["film"])


def test_a_profile_that_is_not_better_is_written_on_request_alone(tmp_path):
    same = habits.learnt(*habits.knees(40, seed=11, at_home=True))
    with pytest.raises(DataError, match="does not exclude 0"):
        writing.write_profile(same, tmp_path / "same", name="Home", now=NOW)
    assert not (tmp_path / "same").exists()
    profile = writing.write_profile(same, tmp_path / "same", name="Home", now=NOW, anyway=True)
    assert "not shown to be better" in profile.case_line


def test_a_profile_from_before_counts_how_often_the_grade_said_was_right(folder):
    content = json.loads((folder / "profile.json").read_text())
    for figures in content["figures"].values():
        del figures["answer_accuracy"]
    for field in ("learnt_from", "most_probable_record"):
        del content[field]
    (folder / "profile.json").write_text(json.dumps(content))
    profile = read_profile(folder)
    counts = [one for one in profile.record.track_record["together"] if one]
    count, total = (sum(one[part] for one in counts) for part in ("count", "total"))
    assert profile.accuracy == (count / total, *agreement.wilson(count, total))
    assert not profile.learnt_from("0" * 64)


def test_what_is_worse_beyond_chance_is_said_to_be_worse(tmp_path):
    for seed in range(20):
        worse = habits.learnt(*habits.knees(60, seed=seed, at_home=True))
        if worse.worse:
            break
    assert worse.worse
    with pytest.raises(DataError, match="they are worse, by more than chance explains") as error:
        writing.write_profile(worse, tmp_path / "worse", name="Home", now=NOW)
    assert "does not exclude 0" not in str(error.value)
    assert "published networks" in str(error.value)
    profile = writing.write_profile(worse, tmp_path / "worse", name="Home", now=NOW, anyway=True)
    assert profile.case_line.endswith("; worse than as published")


def test_a_profile_knows_the_films_again_that_it_was_learnt_from(adaptation, tmp_path):
    contents = tuple(f"{number:064x}" for number in range(60))
    films = replace(adaptation.films, contents=contents)
    learnt = replace(adaptation, films=films)
    for number in (1, 2):  # the same learning, written at two moments
        now = NOW.replace(second=number)
        profile = writing.write_profile(learnt, tmp_path / f"p{number}", name="P", now=now)
        assert all(map(profile.learnt_from, contents))
        assert not profile.learnt_from(f"{60:064x}")


def test_films_left_out_by_the_reader_are_counted_apart(adaptation, tmp_path):
    left_out = (
        LeftOut("a", "It cannot be read."),
        LeftOut("b", "Left out by the reader.", "reader"),
        LeftOut("c", "It is the same film as d.", "again"),
    )
    learnt = replace(adaptation, films=replace(adaptation.films, left_out=left_out))
    kept = writing.write_profile(learnt, tmp_path / "p", name="P", now=NOW).record.of
    assert (kept.left_out, kept.left_out_by_reader) == (1, 1)


def test_an_old_profile_is_not_written_over(adaptation, folder):
    with pytest.raises(DataError, match="there already"):
        writing.write_profile(adaptation, folder, name="Other", now=NOW)
    assert read_profile(folder).name == "County *hospital*"


def test_where_nothing_can_be_written_it_is_said(adaptation, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="Expected to write a profile"):
        writing.write_profile(adaptation, tmp_path / "file" / "p", name="Other", now=NOW)


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 81, "bell\a"])
def test_a_name_is_one_short_line(name):
    with pytest.raises(ModelError, match="printable"):
        check_name(name)


def test_a_missing_or_foreign_folder_is_refused(tmp_path):
    with pytest.raises(ModelError, match="Expected a profile"):
        read_profile(tmp_path)


def test_damaged_weights_are_refused(folder):
    data = bytearray((folder / "weights.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "weights.npz").write_bytes(data)
    with pytest.raises(ModelError, match="damaged or was put together"):
        read_profile(folder)
    (folder / "weights.npz").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        read_profile(folder)


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (np.full((40, 5), np.nan, np.float32), "no numbers"),
        (np.full((40, 5), 1e6, np.float32), "beyond"),
        (np.zeros((40, 4), np.float32), "5 grades"),
        (np.zeros(5, np.float32), "kernel and a bias"),
        (np.zeros((40, 5)), "plain numbers"),
        (np.array([{"a": 1}], object), "plain arrays"),
        (np.zeros((400_000, 5), np.float32), "at most 8 MB"),
    ],
)
def test_weights_that_cannot_be_are_refused(folder, kernel, said):
    arrays = {}
    for name in ("net0", "net1"):
        arrays |= {f"{name}/kernel": kernel, f"{name}/bias": np.zeros(5, np.float32)}
    np.savez_compressed(folder / "other.npz", **arrays)
    put_weights(folder, (folder / "other.npz").read_bytes())
    with pytest.raises(ModelError, match=said):
        read_profile(folder)


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_array_file_is_refused(folder, data):
    put_weights(folder, data)
    with pytest.raises(ModelError, match="plain arrays"):
        read_profile(folder)


def test_a_huge_file_is_not_read(folder):
    with (folder / "weights.npz").open("ab") as stream:
        stream.truncate(MOST_BYTES + 1)
    with pytest.raises(ModelError, match="more than 8 MB"):
        read_profile(folder)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"schema_version": 2}, "version 1"),
        ({"name": "a\nb"}, "printable"),
        ({"name": 3}, "expected fields"),
        ({"learnt_from": ["Smith.png"]}, "SHA-256"),
        ({"networks": []}, "networks"),
        ({"networks": [{"architecture": "m", "model_sha256": "x", "strength": -1}]}, "strengths"),
        ({"of": {"films": 60, "patients": 30, "by_grade": [60]}}, "grade count"),
        ({"of": {"films": 60, "patients": 30, "by_grade": [-1, 61, 0, 0, 0]}}, "not negative"),
        ({"of": {"films": 60, "patients": 30, "by_grade": [1, 1, 1, 1, 1]}}, "to be all films"),
        ({"answers": {}}, "figures of every answer"),
        ({"answers": {"together": {"rule": "median", "level": 0.9, "threshold": 7}}}, "threshold"),
        ({"answers": {"together": {"rule": "loud", "level": 0.9, "threshold": 0.7}}}, "rule"),
        ({"figures": {"together": {"accuracy": {"after": [7, 7, 7]}}}}, "with a value"),
        ({"track_record": {"together": [None]}}, "each grade"),
    ],
)
def test_what_cannot_be_in_a_profile_is_refused(folder, fields, said):
    change(folder, **fields)
    with pytest.raises(ModelError, match=said):
        read_profile(folder)


def test_shares_that_are_one_but_for_rounding_are_no_damage(folder):
    kept = json.loads((folder / "profile.json").read_text())
    figures = kept["figures"]["together"]
    figures["coverage"]["after"] = [1.0, 1.0, 1.0000000000000002]
    change(folder, figures=kept["figures"])
    assert read_profile(folder).record.figures["together"]["coverage"]["after"][0] == 1
    figures["coverage"]["after"][2] = 1.01
    change(folder, figures=kept["figures"])
    with pytest.raises(ModelError, match="with a value"):
        read_profile(folder)


def test_a_file_that_is_no_json_is_refused(folder):
    (folder / "profile.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        read_profile(folder)
