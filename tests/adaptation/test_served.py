"""A profile on the published networks: the command lines, the readings, and the exact maps."""

import csv
import dataclasses
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from kneeoa.__main__ import main
from kneeoa.adaptation import adapting
from kneeoa.errors import ModelError
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import open_radiograph
from kneeoa.graders.grading import Grader, Graders
from kneeoa.graders.profile import Head, read_profile
from kneeoa.graders.published import find_model
from kneeoa.graders.track_record import LEARNT_FROM_IT
from kneeoa.networks import ARCHITECTURES
from kneeoa.reports.pictures import pictures_of

COUNT = 28


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Drawn films in grade folders, each a grade higher than drawn, up to KL 3."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(COUNT):
        drawn = number % 4
        target = folder / str(min(drawn + 1, 3))
        target.mkdir(exist_ok=True)
        film = draw_knee(drawn, seed=number, marked=False)
        Image.fromarray(film).save(target / f"{drawn}-{number}.png")
    return folder


@pytest.fixture(scope="module")
def command(films, tmp_path_factory):
    """The profile that the command writes, and what it had learnt."""
    folder = tmp_path_factory.mktemp("profiles") / "own"
    arguments = ["adapt", films, "--out", folder, "--name", "Drawn & co", "--anyway"]
    learnt = []
    with pytest.MonkeyPatch.context() as patch:
        original = adapting.adapt
        patch.setattr(
            adapting, "adapt", lambda *given: learnt.append(original(*given)) or learnt[0]
        )
        assert main([str(argument) for argument in arguments]) == 0
    return folder, learnt[0]


@pytest.fixture(scope="module")
def written(command):
    return command[0]


@pytest.fixture(scope="module")
def published():
    """The published networks, loaded once."""
    return Graders()


@pytest.fixture(scope="module")
def adapted(written, published):
    """The same networks under the profile."""
    return published.under(read_profile(written))


@pytest.fixture(scope="module")
def film(films):
    return open_radiograph(next((films / "2").iterdir()))


def test_the_profile_says_what_it_was_learnt_from(written):
    record = read_profile(written).record
    assert record.of.films == record.of.patients == COUNT
    assert record.of.by_grade == (0, 7, 7, 14, 0)
    assert {network.architecture for network in record.networks} == set(ARCHITECTURES)
    assert record.answers.keys() == {*ARCHITECTURES, "together"}
    assert record.libraries["onnxruntime"]


def test_every_reading_follows_the_profile_and_names_it(film, published, adapted):
    before, after = published.read(film), adapted.read(film)
    for old, new in zip(before, after, strict=True):
        assert old.profile is None
        assert new.profile.name == "Drawn & co"
        assert new.weights_hash == old.weights_hash
        assert np.abs(new.probabilities - old.probabilities).max() > 0.01
        assert not np.allclose(new.evidence, old.evidence, atol=0.01)
        assert new.answer == adapted.rules[new.architecture].answer(new.probabilities)
        assert old.answer == published.rules[old.architecture].answer(old.probabilities)
    together = adapted.read_both(film)[1]
    assert together.profile.name == "Drawn & co"
    assert together.answer.low <= together.answer.grade <= together.answer.high
    difference = together.probabilities - published.read_both(film)[1].probabilities
    assert np.abs(difference).max() > 0.01


def test_how_strong_a_map_is_is_no_word_under_a_profile(film, published, adapted):
    """What is strong was measured for the published last layer alone."""
    words = ("weak", "moderate", "strong")
    for graders in (published, adapted):
        frame = Frame.whole(film)
        read = SimpleNamespace(radiograph=film, frame=frame, readings=graders.read(film, frame))
        told = [shown.told for shown in pictures_of(read, graders).maps]
        as_word = [any(word in line for word in words) for line in told]
        assert any(as_word) if graders is published else not any(as_word), told
    assert any("logit units" in line for line in told)


def test_without_the_profile_they_answer_as_before(film, published, adapted):
    for old, new in zip(published.read(film), adapted.under(None).read(film), strict=True):
        np.testing.assert_array_equal(old.probabilities, new.probabilities)
        np.testing.assert_array_equal(old.evidence, new.evidence)


def test_what_is_served_is_what_was_learnt(command, published, adapted):
    """The last layers put onto the networks give the probabilities that the fit had in mind."""
    learnt = command[1]
    images = learnt.films.images[:3]
    for name, given in published.grade_arrays(images).items():
        np.testing.assert_allclose(given, learnt.before[name][:3], atol=2e-5)
    for name, given in adapted.grade_arrays(images, together=False).items():
        digest = published.published[name].weights_hash
        network, head = learnt.networks[digest], learnt.refits[digest].head
        logits = network.features[0, :3] @ head.kernel + head.bias
        shares = np.exp(logits / network.temperature)
        expected = shares / shares.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(given, expected, atol=2e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_map_is_of_the_adapted_last_layer(architecture, film, adapted):
    """That it then is what tf-keras-vis shows, `tests.graders.test_gradcam_reference` checks."""
    model = find_model(architecture)
    (reading,) = (one for one in adapted.read(film) if one.architecture == architecture)
    features = Grader(model.file).features(film.pixels[None])[0]
    evidence = features @ adapted.profile.heads[model.weights_hash].kernel
    np.testing.assert_allclose(reading.evidence, evidence, atol=1e-5 * max(evidence.max(), 1))


def test_a_profile_of_other_networks_is_refused(adapted, published):
    profile = adapted.profile
    heads = dict(list(profile.heads.items())[1:])
    with pytest.raises(ModelError, match=r"fitted for others.*fit it anew"):
        published.under(dataclasses.replace(profile, heads=heads))
    narrow = {digest: Head(head.kernel[1:], head.bias) for digest, head in profile.heads.items()}
    with pytest.raises(ModelError, match="belongs to another network"):
        published.under(dataclasses.replace(profile, heads=narrow))
    answers = {"mobilenet": profile.record.answers["mobilenet"]}
    record = dataclasses.replace(profile.record, answers=answers)
    with pytest.raises(ModelError, match="says how"):
        published.under(dataclasses.replace(profile, record=record))


def test_the_table_follows_the_profile(film, films, written, adapted, capsys):
    path = str(next((films / "2").iterdir()))
    assert main(["grade", path, "--profile", str(written), "--together"]) == 0
    out, err = capsys.readouterr()
    assert "As graded at Drawn & co" in err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["architecture"] for row in rows] == [*ARCHITECTURES, "together"]
    for row, reading in zip(rows, [*adapted.read(film), adapted.read_both(film)[1]], strict=True):
        shares = [float(row[f"p{grade}"]) for grade in range(5)]
        np.testing.assert_allclose(shares, reading.probabilities, atol=1e-5)
        said = reading.answer
        assert [int(row[n]) for n in ("answer", "low", "high")] == [said.grade, said.low, said.high]


def test_a_film_that_was_learnt_from_says_so_in_table_and_report(films, written, capsys, tmp_path):
    of_it = next((films / "2").iterdir())
    other = tmp_path / "other.png"
    Image.fromarray(draw_knee(2, seed=99, marked=False)).save(other)
    paths = [str(of_it), str(other)]
    assert main(["grade", *paths, "--profile", str(written)]) == 0
    warned = {
        row["file"]: row["warning"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))
    }
    assert LEARNT_FROM_IT in warned[paths[0]]
    assert LEARNT_FROM_IT not in warned[paths[1]]
    assert main(["grade", paths[0]]) == 0
    assert LEARNT_FROM_IT not in capsys.readouterr().out
    for number, path in enumerate(paths):
        out = tmp_path / str(number)
        asked = ["report", path, "--text", "--out", str(out), "--profile", str(written)]
        assert main(asked) == 0
        (report,) = out.iterdir()
        assert ("learnt from this very film" in report.read_text()) == (path == paths[0])


def test_the_reasons_are_said_where_too_few_films_are_left(tmp_path, capsys):
    for number in range(3):
        (tmp_path / "films" / str(number)).mkdir(parents=True)
        place = tmp_path / "films" / str(number)
        Image.fromarray(draw_knee(number, seed=number, marked=False)).save(place / "good.png")
        (place / "bad.png").write_text("no film")
    assert main(["adapt", str(tmp_path / "films"), "--out", str(tmp_path / "p")]) == 2
    said = capsys.readouterr().err
    assert "Received 3 (3 films could not be used)" in said
    assert said.count("left out ") == 3
    assert "left out 1/bad.png: " in said


def test_what_cannot_be_adapted_or_applied_is_said(films, written, tmp_path, capsys):
    assert main(["adapt", str(films), "--out", str(written)]) == 2
    assert "there already" in capsys.readouterr().err
    assert main(["adapt", str(tmp_path), "--out", str(tmp_path / "p")]) == 2
    assert "Found none" in capsys.readouterr().err
    assert main(["grade", str(films), "--profile", str(tmp_path)]) == 2
    assert "Expected a profile" in capsys.readouterr().err
    file = written / "profile.json"
    text = file.read_text()
    file.write_text(json.dumps(json.loads(text) | {"name": "a\nb"}))
    assert main(["grade", str(films), "--profile", str(written)]) == 2
    assert "printable" in capsys.readouterr().err
    file.write_text(text)
