"""Searches and robustness tables as the pages read them: whole, unfinished, damaged."""

import pytest

from kneeoa.charts.tuning import trials_figure
from kneeoa.errors import DataError
from kneeoa.records import robustness, tuning
from tests.support.research import write_robustness, write_search


def test_a_search_says_what_was_best(tmp_path):
    found = tuning.read(write_search(tmp_path))
    best = found.trials.query("state == 'complete'")["val_loss"].min()
    assert f"validation loss {best:.3f}" in found.sentence()
    assert "9 trials (8 complete, 1 pruned)" in found.sentence()
    assert tuning.read(write_search(tmp_path, complete=0)).sentence().startswith("1 trial (1 prun")
    assert tuning.settings_of(found.trials) == ["learning_rate", "batch_size", "depth"]


def test_a_search_without_complete_trials_has_no_best(tmp_path):
    found = tuning.read(write_search(tmp_path, complete=0))
    assert found.best is None
    assert "None is complete" in found.sentence()


@pytest.mark.parametrize("file", ["trials.csv", "importance.csv", "best.json"])
def test_damaged_files_of_a_search_are_named(tmp_path, file):
    folder = write_search(tmp_path)
    content = (folder / file).read_text()
    # In the middle of a line, wherever its half happens to lie.
    (folder / file).write_text(content[: len(content) // 2].rstrip()[:-3])
    with pytest.raises(DataError, match=file):
        tuning.read(folder)


def test_a_search_is_drawn_trial_by_trial(tmp_path):
    trials = tuning.read(write_search(tmp_path)).trials
    figure = trials_figure(trials)
    labels = figure.layout.xaxis.ticktext
    assert {"learning rate (log)", "depth", "validation loss"} <= set(labels)
    named = {text.split("<br>")[0] for trace in figure.data for text in trace.text or () if text}
    assert named == {f"trial {number}" for number in trials["trial"]}


def test_a_robustness_table_reads_back(tmp_path):
    written = write_robustness(tmp_path)
    table = robustness.read(tmp_path / robustness.FILE)
    assert len(table) == len(written)


def test_a_robustness_table_that_is_cut_off_is_refused(tmp_path):
    write_robustness(tmp_path)
    file = tmp_path / robustness.FILE
    file.write_text(file.read_text()[:-40])
    with pytest.raises(DataError, match="cut off"):
        robustness.read(file)
    file.write_text("model,change\n")
    with pytest.raises(DataError, match="columns unit"):
        robustness.read(file)
