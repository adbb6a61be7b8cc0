"""What runs are called: what was changed, from what most runs have in common."""

from kneeoa.analysis.run_names import run_names, shortened
from kneeoa.records import archive
from tests.support.research import write_run, write_study

PLAIN = {"preset": "reference", "learning_rate": 1e-3, "noise": 0.1}


def named(folder):
    return run_names(archive.read_archive([folder]))


def test_a_run_is_called_by_what_was_changed_in_it(tmp_path):
    for seed in range(3):
        changed = {"noise": 0.5, "seed": seed} if seed == 2 else {"seed": seed}
        write_run(tmp_path, "mobilenet", seed, config=PLAIN | changed)
    table = named(tmp_path)
    assert table["name"].tolist() == [
        "MobileNet, reference, seed 0",
        "MobileNet, reference, seed 1",
        "MobileNet, reference, seed 2, noise 0.5",
    ]
    assert table["recipe"].nunique() == 2
    assert table["changed"].tolist() == ["", "", "noise 0.5"]


def test_a_study_tells_what_is_common_even_where_more_runs_lie_beside_it(tmp_path):
    write_study(tmp_path, cycles=1)
    for seed in (1, 2):
        config = {"preset": "reference", "learning_rate": 1e-4, "seed": seed}
        write_run(tmp_path, "mobilenet", seed, config=config)
    assert named(tmp_path)["changed"].tolist() == [
        "",
        "learning_rate 0.0001",
        "learning_rate 0.0001",
        "",
    ]


def test_runs_on_films_of_another_split_are_of_another_recipe(tmp_path):
    for seed in range(3):
        write_run(tmp_path, "mobilenet", seed, split_hash=("a" if seed == 2 else "f") * 64)
    table = named(tmp_path)
    assert table["changed"].tolist() == ["", "", "split aaaaaaaa"]
    assert table["recipe"].nunique() == 2


def test_names_are_unique_and_unfinished_runs_have_one(tmp_path):
    write_study(tmp_path, cycles=2, failed=["mobilenet-seed1-00000000"])
    write_study(tmp_path, cycles=2, study_id="again", failed=["mobilenet-seed1-00000000"])
    table = named(tmp_path)
    assert table["name"].is_unique
    assert table.loc["mobilenet-seed1-00000000", "name"].startswith("MobileNet, reference")


def test_runs_of_one_seed_and_recipe_are_told_apart_by_the_rest_of_their_id(tmp_path):
    for name in ("mobilenet-seed0-aaaa", "mobilenet-seed0-bbbb"):
        write_run(tmp_path, "mobilenet", 0, run_id=name)
    assert named(tmp_path)["name"].tolist() == [
        "MobileNet, reference, seed 0 (aaaa)",
        "MobileNet, reference, seed 0 (bbbb)",
    ]


def test_long_changes_are_cut_and_counted():
    assert shortened("") == []
    assert shortened("noise 0, rotation 8, zoom 1") == ["noise 0", "rotation 8 and 1 more"]
    (cut,) = shortened("stages " + "head:1:2.0:160 " * 5)
    assert len(cut) == 36
    assert cut.endswith("…")


def test_without_runs_there_are_no_names(tmp_path):
    assert named(tmp_path).empty
