"""What validates the joint space widths: known answers, and bounds that can be broken."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kneeoa.data.arrays import Films
from kneeoa.errors import DataError
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.records import joint_space as records
from kneeoa.records.joint_space import AGREEMENT, ALL_AT_ONCE, GRADE, NARROWER, REPEATED, SIDES
from train.publish import joint_space
from train.publish.joint_space import Measured, measured, table


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """Have intervals stand on fewer draws: none of them is compared with a number."""
    patch = pytest.MonkeyPatch()
    patch.setattr(joint_space, "_RESAMPLES", 200)
    yield
    patch.undo()


def made(*, again=0.002, bias=0.003, fall=0.006, patients=40):
    """What was measured on films of two knees a patient, whose figures are known."""
    random = np.random.default_rng(0)
    knees, copies, ways = [], [], []
    for patient in range(patients):
        for side in "LR":
            grade = patient % 5
            medial = 0.060 - fall * grade + random.normal(0, 0.001)
            row = {
                "film": f"{patient}{side}",
                "patient": str(patient),
                "grade": grade,
                "side": side,
            }
            knees.append(row | {"gated": False, "medial": medial, "lateral": medial + 0.01})
            for compartment in ("medial", "lateral"):
                way = {"compartment": compartment, "paths": medial}
                ways.append(row | way | {"profiles": medial + bias + random.normal(0, 0.002)})
                for kind in joint_space.KINDS:
                    told = {"first": medial, "low": medial - 0.004, "high": medial + 0.004}
                    told |= {"kind": kind, "compartment": compartment}
                    copies.append(row | told | {"again": medial + random.normal(0, again)})
    return Measured(*(pd.DataFrame(rows) for rows in (knees, copies, ways)))


def value(rows, check, what):
    (found,) = rows[(rows["check"] == check) & (rows["what"] == what)].itertuples()
    # Draws of percentiles may lie to one side of a value that is nearly perfect.
    assert found.low - 0.002 <= found.value <= found.high + 0.002
    return found.value


def test_known_figures_come_out():
    rows = table(made())
    repeated = value(rows, REPEATED, f"medial, {ALL_AT_ONCE}")
    assert repeated == pytest.approx(1.96 * 0.002, rel=0.25)
    assert value(rows, AGREEMENT, "medial, mean difference") == pytest.approx(0.003, abs=0.001)
    half = value(rows, AGREEMENT, "lateral, half of the 95% limits")
    assert half == pytest.approx(1.96 * 0.002, rel=0.25)
    assert value(rows, GRADE, f"{NARROWER}, rank correlation with KL") < -0.9
    step = value(rows, GRADE, f"{NARROWER}, smallest step of its medians from KL 1 to KL 4")
    assert step == pytest.approx(0.006, abs=0.001)
    assert value(rows, SIDES, "medial, left and right of two knees of KL 0") < 0.005
    assert records.broken(rows) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"again": 0.02}, f"{REPEATED}: medial, {ALL_AT_ONCE}"),
        ({"bias": 0.02}, f"{AGREEMENT}: medial, mean difference"),
        ({"fall": -0.004}, f"{GRADE}: {NARROWER}, rank correlation with KL"),
    ],
)
def test_a_bound_that_is_not_kept_is_named(changes, line):
    assert line in records.broken(table(made(**changes)))


@pytest.mark.filterwarnings("error")
def test_a_grade_that_no_film_has_breaks_no_bound_that_is_not_about_it():
    whole = made()
    few = replace(whole, knees=whole.knees[whole.knees["grade"] != 2])
    rows = table(few)
    # The steps between medians are bounded, the medians themselves are not.
    assert records.broken(rows) == [
        f"{GRADE}: {NARROWER}, smallest step of its medians from KL 1 to KL 4"
    ]
    assert f"{GRADE}: {NARROWER}, median at KL 2  none, 0" in joint_space.as_text(rows)
    # One film bears no correlation, and nothing warns of it on the terminal.
    assert f"{NARROWER}, rank correlation with KL  none" in joint_space.as_text(
        table(replace(whole, knees=whole.knees[:1]))
    )


def test_films_without_any_width_are_refused_by_a_sentence():
    whole = made(patients=2)
    with pytest.raises(DataError, match="Expected knees that widths are found in"):
        table(replace(whole, knees=whole.knees.assign(medial=np.nan)))
    with pytest.raises(DataError, match="Found too few in 4"):
        table(replace(whole, copies=pd.DataFrame([])))
    lost = whole.copies.assign(again=np.nan)
    assert "lateral, noisy  none, 0" in joint_space.as_text(table(replace(whole, copies=lost)))


def test_films_are_measured_and_copied():
    random = np.random.default_rng(0)
    images = np.stack([drawn(grade) for grade in (0, 2)])
    images = np.clip(images + random.normal(0, 1, images.shape), 0, 255).astype(np.uint8)
    films = Films(images, np.array([0, 2]), ("a", "b"), ("1", "2"), ("R", "L"))
    found = measured(films, Localiser())
    assert found.knees["side"].tolist() == ["R", "L"]
    assert found.knees["medial"].notna().all()
    assert found.knees["medial"][0] > found.knees["medial"][1]
    assert len(found.copies) == 2 * 2 * len(joint_space.KINDS)
    apart = (found.copies["again"] - found.copies["first"]).abs()
    assert apart.max() < 0.01
    assert len(found.ways) == 4


def test_a_knee_whose_side_is_not_known_is_not_taken_for_a_right_one():
    films = Films(np.zeros((1, 224, 224), np.uint8), np.array([0]), ("XR",), ("1",), ("",))
    with pytest.raises(DataError, match="XR does not tell"):
        measured(films, Localiser())


def drawn(grade):
    from kneeoa.films.phantom import draw_knee

    return draw_knee(grade, seed=3, marked=False).astype(float)


def test_a_damaged_table_is_refused(tmp_path):
    rows = table(made())
    file = tmp_path / records.FILE
    rows[rows["check"] != AGREEMENT].to_csv(file, index=False)
    with pytest.raises(DataError, match="agreement"):
        records.read(file)
    rows.to_csv(file, index=False)
    assert len(records.read(file)) == len(rows)


def test_only_what_is_there_sound_and_within_bounds_is_good(tmp_path):
    file = tmp_path / records.FILE
    assert not records.is_good(file)
    table(made()).to_csv(file, index=False)
    assert records.is_good(file)
    table(made(again=0.02)).to_csv(file, index=False)
    assert not records.is_good(file)
    file.write_text("check,what\n", "utf-8")
    assert not records.is_good(file)
