"""How far maps can be trusted: every check of a network, as a table that the pages read."""

import pandas as pd
import pytest

from kneeoa.analysis.published import map_trust
from kneeoa.errors import DataError
from kneeoa.graders.published import PublishedModel
from kneeoa.records import maps as records
from tests.support import tiny
from tests.support.knees import drawn_films
from train.publish import maps

FILMS = drawn_films(4)


@pytest.fixture(scope="module")
def table(tiny_networks, tmp_path_factory):
    file = tiny.write_exported(tmp_path_factory.mktemp("tiny") / "model.onnx")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(maps, "find_model", lambda name, _: PublishedModel(name, file, {}))
    yield maps.measure(file.parent, FILMS)
    monkeypatch.undo()


def test_every_network_has_every_check_with_its_interval(table):
    for _, rows in table.groupby("model"):
        found = rows.groupby("check", sort=False)["map"].agg(list)
        compared = ["Grad-CAM", "random", "centred", "Grad-CAM - random", "Grad-CAM - centred"]
        assert found["deletion"] == found["insertion"] == compared
        assert found["shuffled"][:2] == ["another film", "1 of 5 layers"]
        assert found["shuffled"][-1] == "5 of 5 layers"
    assert table["model"].nunique() == 2
    assert (table["low"] <= table["value"] + 1e-9).all()
    assert (table["value"] <= table["high"] + 1e-9).all()
    assert set(table["films"]) == {4}
    areas = table[table["map"].isin(["Grad-CAM", "random", "centred"])]["value"]
    assert areas.between(0, 1).all()
    assert "deletion: Grad-CAM - random" in maps.as_text(table)


def test_the_table_reads_back_and_becomes_sentences_and_rows(table, tmp_path):
    file = tmp_path / records.FILE
    table.to_csv(file, index=False)
    read = records.read(file)
    said = map_trust.sentences(read)
    assert [line.split(":")[0] for line in said] == ["**MobileNet**", "**ResNet50**"]
    lines = map_trust.rows(read)
    assert {"Check", "Map", "MobileNet", "ResNet50"} == set(lines[0])
    shares = ["the last layer", "40% of layers", "60% of layers", "80% of layers", "100% of layers"]
    in_order = [*(f"{share} shuffled" for share in shares), "another film"]
    assert [line["Map"] for line in lines if line["Check"] == "Shuffled"][-6:] == in_order
    table[table["check"] != "shuffled"].to_csv(file, index=False)
    with pytest.raises(DataError, match="shuffled: another film"):
        records.read(file)


@pytest.mark.parametrize(
    ("low", "high", "deletion", "insertion"),
    [
        (-0.2, -0.1, "sooner than", "later than"),
        (-0.1, 0.1, "not clearly sooner than", "not clearly sooner than"),
        (0.1, 0.2, "later than", "sooner than"),
    ],
)
def test_a_sentence_claims_what_its_interval_bears(table, low, high, deletion, insertion):
    apart = table["map"].str.startswith("Grad-CAM - ")
    changed = table.assign(low=table["low"].mask(apart, low), high=table["high"].mask(apart, high))
    said = map_trust.sentences(changed)[0]
    assert f"takes the network from its grade {deletion} doing so at random" in said
    assert f"brings the network to its grade {insertion} doing so from the middle" in said


def test_shares_of_networks_of_unlike_depths_stand_in_one_order():
    names = {"MobileNet": ["another film", "1 of 4 layers", "2 of 4 layers", "4 of 4 layers"]}
    names["ResNet50"] = ["another film", "1 of 3 layers", "2 of 3 layers", "3 of 3 layers"]
    rows = [
        {"model": model, "check": "shuffled", "map": name, "value": 0.5, "low": 0.4, "high": 0.6}
        for model, maps_of_it in names.items()
        for name in maps_of_it
    ]
    shown = [line["Map"].partition(" of ")[0] for line in map_trust.rows(pd.DataFrame(rows))]
    assert shown == ["the last layer shuffled", "50%", "67%", "100%", "another film"]
