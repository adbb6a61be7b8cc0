"""The tables that About tells of: read whole, or refused by what they lack."""

import pandas as pd
import pytest

from kneeoa.analysis.published import joint_space as widths
from kneeoa.analysis.published import map_trust
from kneeoa.errors import DataError
from kneeoa.records import joint_space, maps
from pages.shared.cached import PUBLISHED_RESULTS

TOLD = {
    maps.FILE: (maps.read, map_trust.sentences),
    joint_space.FILE: (joint_space.read, widths.sentences),
}


@pytest.mark.parametrize("name", TOLD)
def test_whatever_line_is_missing_the_table_is_told_or_refused(name, tmp_path):
    read, sentences = TOLD[name]
    head, *lines = (PUBLISHED_RESULTS / name).read_text("utf-8").splitlines(keepends=True)
    file = tmp_path / name
    refused = 0
    for line in range(len(lines)):
        file.write_text("".join([head, *lines[:line], *lines[line + 1 :]]), "utf-8")
        try:
            assert sentences(read(file))
        except DataError as error:
            refused += 1
            assert "Expected a line" in str(error)
    assert 10 < refused < len(lines)


@pytest.mark.parametrize("name", TOLD)
def test_a_line_that_stands_twice_is_refused(name, tmp_path):
    read, _ = TOLD[name]
    table = pd.read_csv(PUBLISHED_RESULTS / name)
    pd.concat([table, table.tail(1)]).to_csv(tmp_path / name, index=False)
    with pytest.raises(DataError, match="once"):
        read(tmp_path / name)


def test_layers_that_are_no_numbers_are_refused(tmp_path):
    table = pd.read_csv(PUBLISHED_RESULTS / maps.FILE)
    odd = table["map"].mask(table["map"] == "1 of 28 layers", "many layers")
    table.assign(map=odd).to_csv(tmp_path / maps.FILE, index=False)
    with pytest.raises(DataError, match="layers"):
        maps.read(tmp_path / maps.FILE)
