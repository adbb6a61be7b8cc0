"""What a results folder says of its films: written once, checked by anyone."""

from dataclasses import replace

import pytest

from kneeoa.data.dataset import read_dataset
from kneeoa.errors import DataError
from kneeoa.records import lineage
from tests.support.graded_films import write_tree


@pytest.fixture
def dataset(tmp_path):
    return read_dataset(write_tree(tmp_path / "films"))


def holds(checks):
    return [check.holds for check in checks]


def test_a_split_reads_back_and_holds(dataset, tmp_path):
    lineage.write(tmp_path, dataset)
    found = lineage.read(tmp_path, dataset.split_hash)
    assert found.table["image_id"].tolist() == dataset.table["image_id"].tolist()
    assert found.table["patient_id"].tolist() == dataset.table["patient_id"].tolist()
    assert found.facts["split_from"] == dataset.split_from
    assert holds(lineage.checks(found)) == [True] * 4
    assert str(dataset.folder) not in "".join(
        file.read_text() for file in (tmp_path / "splits").iterdir()
    )
    counts = lineage.counts(found.table).set_index("split")
    for split, films in dataset.counts.items():
        for grade, number in films.items():
            assert counts.loc[split, f"KL {grade}"] == number


def test_films_whose_sides_nobody_knows_read_back(dataset, tmp_path):
    lineage.write(tmp_path, replace(dataset, table=dataset.table.assign(side="")))
    found = lineage.read(tmp_path, dataset.split_hash)
    assert set(found.table["side"]) == {""}
    assert lineage.counts(found.table)["left"].sum() == 0


def test_what_straddles_is_found(dataset, tmp_path):
    lineage.write(tmp_path, dataset)
    found = lineage.read(tmp_path, dataset.split_hash)
    table = found.table
    train, test = (table.index[table["split"] == name][0] for name in ("train", "test"))
    moved = table.copy()
    moved.loc[test, "patient_id"] = moved.loc[train, "patient_id"]
    checks = lineage.checks(lineage.Lineage(found.split_hash, moved, {}))
    assert holds(checks) == [True, False, True, True]
    assert "train" in checks[1].sentence
    assert str(moved.loc[train, "patient_id"]) in checks[1].sentence
    copied = table.copy()
    copied.loc[test, "pixels"] = copied.loc[train, "pixels"]
    checks = lineage.checks(lineage.Lineage(found.split_hash, copied, {}))
    assert holds(checks) == [True, True, False, True]
    regraded = table.assign(grade=(table["grade"] + 1) % 5)
    checks = lineage.checks(lineage.Lineage(found.split_hash, regraded, {}))
    assert holds(checks) == [False, True, True, True]
    assert "not that of the runs" in checks[0].sentence


def test_a_missing_split_is_none_and_a_damaged_one_refused(dataset, tmp_path):
    assert lineage.read(tmp_path, dataset.split_hash) is None
    lineage.write(tmp_path, dataset)
    (file,) = (tmp_path / "splits").glob("*.csv")
    file.write_text(file.read_text()[:-20])
    with pytest.raises(DataError, match="cut off"):
        lineage.read(tmp_path, dataset.split_hash)
    with pytest.raises(DataError, match="hash of a split"):
        lineage.read(tmp_path, "../../etc")


@pytest.mark.parametrize(
    ("column", "what"), [("pixels", "another image"), ("patient_id", "another patient")]
)
def test_other_films_under_the_same_names_are_refused(column, what, dataset, tmp_path):
    lineage.write(tmp_path, dataset)
    lineage.write(tmp_path, dataset)
    lineage.check(tmp_path, dataset.split_hash, lineage.of_films(dataset.splits))
    table = dataset.table.copy()
    table.loc[3, column] = "another"
    other = replace(dataset, table=table)
    assert other.split_hash == dataset.split_hash
    with pytest.raises(DataError, match=f"1 have {what} .*{table.loc[3, 'image_id']}"):
        lineage.write(tmp_path, other)
    lineage.write(tmp_path / "elsewhere", other)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *((column, "") for column in ("image_id", "patient_id", "pixels", "split", "grade")),
        ("grade", "7"),
        ("grade", "1.5"),
    ],
)
def test_a_split_with_empty_cells_or_other_grades_is_refused(dataset, tmp_path, column, cell):
    lineage.write(tmp_path, dataset)
    (file,) = (tmp_path / "splits").glob("*.csv")
    lines = [line.split(",") for line in file.read_text().splitlines()]
    for line in (lines[1], lines[-1]):
        line[lines[0].index(column)] = cell
    file.write_text("".join(f"{','.join(line)}\n" for line in lines))
    with pytest.raises(DataError, match="damaged or was edited"):
        lineage.read(tmp_path, dataset.split_hash)
    file.write_text(",".join(lineage.COLUMNS) + "\n")
    with pytest.raises(DataError, match="Expected a line a film"):
        lineage.read(tmp_path, dataset.split_hash)


def test_one_name_of_two_films_is_one_name(dataset, tmp_path):
    lineage.write(tmp_path, dataset)
    table = lineage.read(tmp_path, dataset.split_hash).table
    table.loc[[1, 2], "image_id"] = table.loc[0, "image_id"]
    check = lineage.checks(lineage.Lineage(dataset.split_hash, table, {}))[-1]
    assert check == lineage.Check(False, "1 name is given to more than one film.")
