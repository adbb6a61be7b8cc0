"""Maps that need a whole network: SmoothGrad, and networks with their learning shuffled."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from kneeoa.errors import ModelError
from kneeoa.files import write_arrays
from kneeoa.films.phantom import draw_knee
from kneeoa.graders.maps import smooth_grad
from kneeoa.graders.maps.randomised import shuffled
from kneeoa.graders.profile import Head
from kneeoa.graders.serving import Grader
from kneeoa.graders.weights import read_weights
from tests.support import tiny

FILM = draw_knee(2).astype(np.float32)


@pytest.fixture(scope="module")
def exported(tiny_networks, tmp_path_factory):
    """An exported tiny MobileNet, which this process builds in the place of the real one."""
    return tiny.write_exported(tmp_path_factory.mktemp("tiny") / "model.onnx")


def smooth(file, grade, head=None):
    asked = smooth_grad.Asked("mobilenet", file, True, grade, head)
    return smooth_grad.computed(smooth_grad._sent(FILM, [asked]))["map0"]


def test_smooth_grad_is_of_the_grade_and_of_the_last_layer_it_is_asked_for(exported, monkeypatch):
    monkeypatch.setattr(smooth_grad, "SAMPLES", 2)
    one = smooth(exported, 1)
    assert one.shape == FILM.shape
    assert one.min() >= 0
    assert one.max() > 0
    np.testing.assert_array_equal(one, smooth(exported, 1))
    assert not np.allclose(one, smooth(exported, 3))
    nothing = Head(np.zeros((tiny.CHANNELS, 5), np.float32), np.zeros(5, np.float32))
    assert smooth(exported, 1, nothing).max() == 0


def test_a_process_that_fails_says_what_is_needed(exported, tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'No module named tensorflow' >&2\nexit 1\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    asked = smooth_grad.Asked("mobilenet", exported, True, 1)
    with pytest.raises(ModelError, match=r"Expected TensorFlow.*No module named tensorflow"):
        smooth_grad.smooth_grads(FILM, [asked])


def test_how_far_smooth_grad_is_is_told_for_each_noisy_copy(exported, monkeypatch):
    monkeypatch.setattr(smooth_grad, "SAMPLES", 2)
    asked, shares = smooth_grad.Asked("mobilenet", exported, True, 1), []
    smooth_grad.computed(smooth_grad._sent(FILM, [asked, asked]), shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_shares_and_maps_of_the_process_come_apart(exported, tmp_path, monkeypatch):
    answer = tmp_path / "answer"
    with answer.open("wb") as stream:
        stream.write(b"0.250\n1.000\n\n")
        write_arrays(stream, {"map0": FILM})
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\ncat {answer}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    asked, shares = smooth_grad.Asked("mobilenet", exported, True, 1), []
    (heatmap,) = smooth_grad.smooth_grads(FILM, [asked], told=shares.append)
    np.testing.assert_array_equal(heatmap, FILM)
    assert shares == [0.25, 1.0]


def test_what_libraries_keep_goes_with_the_process(exported, tmp_path, monkeypatch):
    program, told = tmp_path / "python", tmp_path / "told"
    each = f'touch "$place/kept"; echo "$place" >> {told}'
    program.write_text(
        f'#!/bin/sh\ncat > /dev/null\nfor place in "$KERAS_HOME" "$TMPDIR"; do {each}; done\n'
    )
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "somebody's"))
    with pytest.raises(ModelError):
        smooth_grad.smooth_grads(FILM, [smooth_grad.Asked("mobilenet", exported, True, 1)])
    places = told.read_text().split()
    assert len(places) == 2
    assert not any(Path(place).exists() for place in places)
    assert [file.name for file in tmp_path.iterdir() if file.is_dir()] == []


def test_a_process_that_never_answers_is_given_up(exported, tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(smooth_grad, "SECONDS", 0.2)
    asked = smooth_grad.Asked("mobilenet", exported, True, 1)
    with pytest.raises(ModelError, match="not done after"):
        smooth_grad.smooth_grads(FILM, [asked])


def test_learning_is_shuffled_from_the_last_layer_on_and_stays_of_its_size(exported):
    before = read_weights(exported)
    kernels = [name for name in before if name.endswith("kernel")]
    stops = []
    for done, layers, model in shuffled(exported, parts=2):
        assert layers == len(kernels)
        found = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
        stored = {
            i.name: onnx.numpy_helper.to_array(i) for i in onnx.load(exported).graph.initializer
        }
        changed = [name for name in kernels if not np.array_equal(found[name], stored[name])]
        assert changed == kernels[layers - done :]
        for name in changed:
            np.testing.assert_array_equal(
                np.sort(found[name].ravel()), np.sort(stored[name].ravel())
            )
        stops.append(done)
    assert stops == [1, *sorted({round(len(kernels) / 2), len(kernels)} - {1})]


def test_a_kernel_is_that_of_the_file_or_of_the_profile(exported):
    grader = Grader(exported)
    np.testing.assert_array_equal(grader.kernel, read_weights(exported)["grade/kernel"])
    evidence = grader.grade_arrays(FILM[None]).evidence
    np.testing.assert_allclose(grader.features(FILM[None]) @ grader.kernel, evidence, atol=1e-4)
    head = Head(np.ones((tiny.CHANNELS, 5), np.float32), np.zeros(5, np.float32))
    assert (grader.under(head).kernel == 1).all()
