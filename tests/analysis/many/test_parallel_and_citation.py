"""Settings against results, and what to cite, from drawn runs."""

import pytest

from kneeoa.analysis import measuring
from kneeoa.analysis.many import citation, parallel_runs
from kneeoa.analysis.selection import finished_runs, select
from kneeoa.records.archive import read_archive
from tests.support.research import SPLIT_HASH, write_run, write_study

BOTH = ("mobilenet", "resnet50")


@pytest.fixture
def chosen(tmp_path):
    for seed, rate in enumerate((1e-5, 1e-3, 1e-3, 1e-3)):
        config = {"preset": "reference", "learning_rate": rate, "seed": seed, "standardise": True}
        config |= {"batch_size": 32} | ({"teacher": "<b>x</b>"} if seed == 3 else {})
        write_run(tmp_path, "mobilenet", seed, config=config)
    found = read_archive([tmp_path])
    return select(found, study=None, networks=BOTH, split="test")


def test_settings_that_differ_stand_beside_validation_figures(chosen):
    observed = measuring.observed(chosen)
    table = parallel_runs.run_settings(chosen, observed)
    # The seed is chance, so it comes last; batch_size and standardise are the same in all.
    assert parallel_runs.settings_in(table) == ["learning_rate", "teacher", "seed"]
    on_val = observed[observed["split"] == "val"].set_index("run_id")["accuracy"]
    assert table.set_index("run")["accuracy"].to_dict() == on_val.to_dict()
    assert (on_val != observed[observed["split"] == "test"].set_index("run_id")["accuracy"]).any()
    assert table["minutes"].tolist() == [6.0] * 4
    assert table["teacher"].isna().sum() == 3


def test_the_citation_names_films_split_and_weights(chosen):
    data = {"author": "Chen", "year": 2018, "name": "Knees", "doi": "10.1/x", "licence": "CC BY"}
    said = citation.citation(chosen, data=data, published={"resnet50": "ab" * 32})
    assert "Chen (2018): Knees." in said
    assert f"{SPLIT_HASH}  4 runs" in said
    assert f"mobilenet-seed2-00000000  {2:064x}" in said
    assert f"ResNet50  {'ab' * 32}" in said
    assert "of the test films" in said
    assert "the published models" not in said
    own = citation.citation(chosen, data=data | {"doi": ""}, published={})
    assert "doi" not in own
    none = citation.citation(chosen, data=data, published={}, runs=chosen.finished.iloc[:0])
    assert "no training run is shown" in none


def test_films_of_another_split_are_not_cited_as_the_data_of_the_published_models(chosen):
    data = {"author": "Chen", "year": 2018, "name": "Knees", "doi": "10.1/x", "licence": "CC BY"}
    given = {"data": data, "published": {}}
    assert "Chen" in citation.citation(chosen, **given, splits_of_data=[SPLIT_HASH])
    own = citation.citation(chosen, **given, splits_of_data=["cd" * 32])
    assert "Chen" not in own and "10.1/x" not in own
    assert f"Those of the split {SPLIT_HASH}: name them here" in own
    given |= {"published_splits": ["cd" * 32], "splits_of_data": ["cd" * 32]}
    mixed = citation.citation(chosen, **given)
    assert "Chen (2018): Knees." in mixed and f"Those of the split {SPLIT_HASH}" in mixed


def test_the_citation_of_published_models_alone_names_their_split_and_no_study(chosen):
    nobody = chosen.finished.iloc[:0]
    given = {"data": {}, "published": {"resnet50": "ab" * 32}, "published_splits": ["cd" * 32]}
    said = citation.citation(chosen, **given, runs=nobody)
    assert f"{'cd' * 32}  the published models" in said
    assert "of the study" not in said
    given["published_splits"] = [SPLIT_HASH]
    assert f"{SPLIT_HASH}  4 runs, the published models" in citation.citation(chosen, **given)


def test_a_study_is_cited_for_its_own_runs_alone(chosen, tmp_path):
    write_study(tmp_path, cycles=1)
    archive = read_archive([tmp_path])
    (study,) = archive.studies
    study_runs = select(archive, study=study, networks=BOTH, split="test")
    assert "of the study one" in citation.citation(study_runs, data={}, published={})
    others = finished_runs(archive)
    assert len(others) > len(study_runs.finished)
    said = citation.citation(study_runs, data={}, published={}, runs=others)
    assert "of the study" not in said
