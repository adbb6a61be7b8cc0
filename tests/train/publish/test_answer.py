"""Headline rule and sets are added to published cards, and nothing else changes."""

import json
import shutil

import numpy as np
import pytest

from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.published import DEFAULT_MODELS
from train.__main__ import main
from train.publish import answer

NAMES = ("mobilenet", "resnet50", "together")


@pytest.fixture
def cards(tmp_path):
    """The cards and predictions of the published models, without answers and without weights."""
    for name in NAMES:
        (tmp_path / name).mkdir()
        card = json.loads((DEFAULT_MODELS / name / "card.json").read_text())
        del card["answer"]
        (tmp_path / name / "card.json").write_text(json.dumps(card))
        shutil.copy(DEFAULT_MODELS / name / "predictions.csv", tmp_path / name)
    return tmp_path


def read(folder, name):
    return json.loads((folder / name / "card.json").read_text())


def rounded(content):
    """Return content whose numbers do not depend on the order of a sum."""
    return json.loads(json.dumps(content), parse_float=lambda text: round(float(text), 12))


def test_the_command_adds_to_cards_what_the_published_ones_have(cards, capsys):
    before = {name: read(cards, name) for name in NAMES}
    assert main(["answer", str(cards)]) == 0
    assert "median" in capsys.readouterr().out
    for name in NAMES:
        after = read(cards, name)
        assert rounded(after["answer"]) == rounded(read(DEFAULT_MODELS, name)["answer"])
        del after["answer"]
        assert after == before[name]


def test_a_card_that_says_the_same_but_for_rounding_is_not_touched(tmp_path, capsys):
    """Else its signature would not hold, which only its owner can renew."""
    for name in NAMES:
        (tmp_path / name).mkdir()
        for file in ("card.json", "predictions.csv"):
            shutil.copy(DEFAULT_MODELS / name / file, tmp_path / name)
    # As on a machine that adds up in another order.
    file = tmp_path / "resnet50" / "card.json"
    card = json.loads(file.read_text())
    width = card["answer"]["coverage"]["val"]["width"]
    width["value"] = np.nextafter(width["value"], 9).item()
    file.write_text(json.dumps(card))
    before = {name: (tmp_path / name / "card.json").read_bytes() for name in NAMES}
    assert main(["answer", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("Its card says so: it stays as it is.") == len(NAMES)
    assert "sign" not in said
    assert before == {name: (tmp_path / name / "card.json").read_bytes() for name in NAMES}
    width["value"] += 1e-9
    file.write_text(json.dumps(card))
    assert main(["answer", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("it stays as it is") == len(NAMES) - 1 and "train sign" in said
    assert rounded(read(tmp_path, "resnet50")) == rounded(read(DEFAULT_MODELS, "resnet50"))


def test_what_is_written_depends_on_no_order_of_a_sum(cards, monkeypatch):
    answer.write(cards)
    before = {name: (cards / name / "card.json").read_bytes() for name in NAMES}
    described = answer.describe
    monkeypatch.setattr(answer, "describe", lambda *a, **k: _off(described(*a, **k)))
    for name in NAMES:
        card = read(cards, name)
        del card["answer"]
        (cards / name / "card.json").write_text(json.dumps(card))
    answer.write(cards)
    assert before == {name: (cards / name / "card.json").read_bytes() for name in NAMES}


def test_where_nothing_is_published_it_is_said(tmp_path, capsys):
    assert main(["answer", str(tmp_path)]) == 2
    assert "Expected published models" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["together/predictions.csv", "resnet50/card.json"])
def test_what_is_damaged_is_published_anew_or_removed(cards, capsys, file):
    (cards / file).write_text("")
    assert main(["answer", str(cards)]) == 2
    told = capsys.readouterr().err
    assert f"Publish it anew, or remove the folder {(cards / file).parent}." in told


def test_the_test_films_choose_nothing(cards):
    for name in NAMES:
        file = cards / name / "predictions.csv"
        lines = file.read_text().splitlines()
        wrong = [line if ",test," not in line else _shifted(line) for line in lines]
        file.write_text("\n".join(wrong) + "\n")
    found = answer.write(cards)
    for name in NAMES:
        expected = read(DEFAULT_MODELS, name)["answer"]
        assert found[name].rule.rule == expected["rule"]
        threshold = expected["set"]["threshold"]
        assert found[name].rule.threshold == round(threshold, answer.DECIMALS)
        assert read(cards, name)["answer"]["coverage"]["test"] != expected["coverage"]["test"]


def test_several_models_choose_by_the_sum_of_their_losses():
    shares, grades = np.array([[0.4, 0.25, 0.35, 0, 0]] * 3), np.array([0, 1, 2])
    one = answer.Graded(shares, grades, np.array(list("abc")))
    sure = answer.Graded(np.eye(5)[[0, 0, 0]], np.array([0, 0, 0]), np.array(list("abc")))
    assert answer.choose([one, sure]) == "median"
    assert answer.choose([sure]) == "most probable"


def test_the_coverage_on_a_card_is_that_of_the_ranges_shown():
    shares = np.concatenate([np.eye(5)[[0] * 38], [[0.44, 0.41, 0.15, 0, 0]] * 2])
    graded = answer.Graded(shares, np.array([0] * 38 + [1] * 2), np.arange(40).astype(str))
    described = answer.describe("median", graded, graded)
    assert described["set"]["threshold"] == 0
    assert described["coverage"]["test"]["covered"]["value"] == 1


@pytest.mark.parametrize("patients", [["one"] * 4, list("abcd")])
def test_what_few_films_do_not_tell_of_the_coverage_is_none_on_the_card(patients):
    """Of one patient, or of ranges that are all as wide, there is no interval: JSON has no NaN."""
    shares, grades = np.eye(5)[[0, 1, 2, 3]], np.array([0, 1, 2, 4])
    graded = answer.Graded(shares, grades, np.array(patients))
    described = answer.describe("median", graded, graded)
    json.dumps(described, allow_nan=False)
    assert described["coverage"]["test"]["width"]["low"] is None
    covered = answer._coverage(graded, AnswerRule("median", 0.9, 0.0))["covered"]
    assert covered["value"] == 0.75
    assert (covered["low"] is None) == (patients[0] == "one")


def _off(content):
    if isinstance(content, dict):
        return {name: _off(part) for name, part in content.items()}
    if isinstance(content, list):
        return [_off(part) for part in content]
    return np.nextafter(content, 9).item() if isinstance(content, float) else content


def _shifted(line):
    cells = line.split(",")
    return ",".join([*cells[:3], str((int(cells[3]) + 1) % 5), *cells[4:]])
