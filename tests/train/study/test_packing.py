"""What a packed study takes along, and under which names."""

import shlex
from pathlib import Path

import pytest

from kneeoa.networks import ARCHITECTURES
from tests.support.knees import write_tree
from tests.support.places import ROOT
from train.run.start import origin_of
from train.study.packing import pack

MODELS = ROOT / "assets" / "models"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Two folders of one name, with different films."""
    root = tmp_path_factory.mktemp("films")
    return [
        write_tree(root / place / "knees", train=train, val=1, test=1)
        for place, train in (("here", 2), ("there", 1))
    ]


def words_of(folder):
    return shlex.split((folder / "study.sh").read_text(), comments=True)


def names_of(folder):
    return sorted(file.relative_to(folder) for file in folder.rglob("*.png"))


def test_folders_of_one_name_go_along_side_by_side(films, tmp_path):
    here, there = films
    folder = pack(tmp_path / "packed", ["--data", str(here), "--predict", str(there)], ())
    words = words_of(folder)
    places = [words[words.index(option) + 1] for option in ("--data", "--predict")]
    assert [Path(place).name for place in places] == ["knees", "knees"]
    assert [names_of(folder / place) for place in places] == [names_of(here), names_of(there)]
    assert names_of(here) != names_of(there)


def test_two_published_networks_go_along_each_with_its_own_card(films, tmp_path):
    starts = {name: MODELS / name / "model.onnx" for name in ARCHITECTURES}
    given = [f"{name}={file}" for name, file in starts.items()]
    folder = pack(tmp_path / "packed", ["--data", str(films[0]), "--init", *given], ())
    for name, file in starts.items():
        word = next(word for word in words_of(folder) if word.startswith(f"{name}="))
        place = folder / word.partition("=")[2]
        assert place.name == file.name  # runs are called after it
        origin = origin_of(str(place))
        assert origin and origin.run_id == origin_of(str(file)).run_id
