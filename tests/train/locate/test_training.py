"""Batches say what is true of them; training goes on where it stopped; the file is the network."""

import copy
import errno
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from kneeoa import files  # noqa: E402
from kneeoa.errors import ConfigError, DiskFullError, TrainingError  # noqa: E402
from kneeoa.films.phantom import draw_knee  # noqa: E402
from kneeoa.graders.locating.looks import OUTPUTS  # noqa: E402
from train.locate.batches import FRONTAL, LATERAL, OTHER, Bank, draw_batch, make_batch  # noqa: E402
from train.locate.export import check_parity, folded, to_onnx  # noqa: E402
from train.locate.fit import LocateConfig, fit, losses_of  # noqa: E402
from train.locate.network import Network  # noqa: E402
from train.locate.pictures import Pictures, find_pictures, held_out, read_pictures  # noqa: E402
from train.run.checkpoint import locked  # noqa: E402

TINY = LocateConfig(steps=3, batch_size=12, side=32, widths=(4, 4, 8, 8, 8))


@pytest.fixture(scope="module")
def bank():
    knees = np.stack([draw_knee(n % 5, seed=n, marked=False) for n in range(6)])
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (4, 224, 224)).astype(np.uint8)
    kinds = ("hand", "hand", "knee_lateral", "knee_skyline")
    pictures = Pictures(images, np.ones(4), kinds, ())
    return Bank(knees, pictures, Pictures(images[:1], np.ones(1), ("implants",), ()), drawn_each=4)


def test_a_batch_says_what_is_true_of_it(bank):
    names = np.array(["knee", "phantom", "turned", "implant", "off joint", "shuffled", "other",
                      "lateral", "no film"])  # fmt: skip
    batch = make_batch(bank, np.random.default_rng(1), names, 64)
    assert batch.looks.shape == (9, 2, 64, 64)
    assert batch.looks.dtype == np.float32
    assert np.isfinite(batch.looks).all()
    assert np.abs(batch.looks[:, 0]).max() <= 3
    assert batch.kind.tolist() == [FRONTAL] * 4 + [OTHER] * 3 + [LATERAL, OTHER]
    assert (batch.number[:2] > 0).all()
    assert (batch.number[2:] == 0).all()
    assert batch.turn[0] == batch.turn[1] == 0
    assert batch.turn[2] in (1, 2, 3)
    assert (batch.turn[4:] == -1).all()
    assert batch.implant[3] == 1
    assert (batch.implant[4:] == -1).all()


def test_metal_is_put_into_frontal_knees_and_elsewhere_alike(bank):
    names = np.array(["knee"] * 60)
    batch = make_batch(bank, np.random.default_rng(2), names, 32)
    assert 0 < (batch.implant == 1).sum() < 30
    assert (batch.kind == FRONTAL).all()


def test_a_step_draws_the_same_batch_again(bank):
    first, second = (draw_batch(bank, np.random.default_rng([0, 7]), 8, 32) for _ in range(2))
    np.testing.assert_array_equal(first.looks, second.looks)


def test_a_checkpoint_that_is_none_is_refused_by_a_sentence(bank, tmp_path):
    junk, other = tmp_path / "junk.pt", tmp_path / "other.pt"
    junk.write_bytes(b"no checkpoint")
    torch.save({"state": {"mean": {"a": torch.zeros(2)}}}, other)
    for start in (junk, other):
        with pytest.raises(ConfigError, match=r"Expected a checkpoint of .train locate."):
            fit(bank, TINY, tmp_path / "none.pt", start=start)
    with pytest.raises(ConfigError, match="is damaged"):
        fit(bank, TINY, junk)
    with pytest.raises(ConfigError, match="cannot be read"):
        fit(bank, TINY, tmp_path / "none.pt", start=tmp_path)


def test_training_goes_on_where_it_stopped(bank, tmp_path):
    def stop(text):
        if text.startswith("step 2"):
            raise KeyboardInterrupt

    whole = fit(bank, TINY, tmp_path / "whole.pt", save_every=1, report=quiet)
    with pytest.raises(KeyboardInterrupt):
        fit(bank, TINY, tmp_path / "stopped.pt", save_every=1, report=stop)
    said = []
    resumed = fit(bank, TINY, tmp_path / "stopped.pt", save_every=1, report=said.append)
    assert [text.split(",")[0] for text in said] == ["step 3 of 3"]
    # Dropout draws anew after a stop; the films are the same.
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=0.02, rtol=0)


def test_what_is_unknown_does_not_count(bank):
    batch = make_batch(bank, np.random.default_rng(1), np.array(["other", "other"]), 32)
    network = Network(32, TINY.widths)
    losses = losses_of(network(torch.as_tensor(batch.looks)), batch, True)
    assert float(losses["box"].detach()) == 0
    assert set(losses) == {"box", "kind"}


def test_the_file_answers_as_the_network(bank, tmp_path):
    network = fit(bank, TINY, tmp_path / "state.pt", report=lambda text: None)
    plain = folded(network)
    onnx.save(to_onnx(plain), tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    looks = draw_batch(bank, np.random.default_rng(4), 5, 32).looks
    outputs = dict(zip(OUTPUTS, session.run(list(OUTPUTS), {"looks": looks}), strict=True))
    assert check_parity(plain, [outputs[name] for name in OUTPUTS], looks) < 1e-4
    with torch.no_grad():
        before = network(torch.as_tensor(looks)).numpy()
    after = np.concatenate([outputs[name] for name in OUTPUTS], axis=1)
    np.testing.assert_allclose(before, after, atol=0.02)


def test_pictures_are_held_out_by_name_and_what_cannot_be_read_is_left_out(tmp_path):
    from PIL import Image

    for kind in ("hand", "chest"):
        (tmp_path / kind).mkdir()
        for n in range(20):
            Image.fromarray(draw_knee(0, seed=n)).save(tmp_path / kind / f"{n}.png")
    (tmp_path / "hand" / "broken.png").write_text("nothing")
    files = find_pictures(tmp_path)
    apart = [file for file in files if held_out(file)]
    assert 2 < len(apart) < 30
    assert apart == [file for file in find_pictures(tmp_path) if held_out(file)]
    pictures = read_pictures(files)
    assert len(pictures) == 40
    assert pictures.images.shape == (40, 224, 224)
    assert set(pictures.kinds) == {"hand", "chest"}


def quiet(text):
    pass


def test_a_training_of_other_settings_or_films_is_not_gone_on_with_nor_lost(bank, tmp_path):
    checkpoint = tmp_path / "state.pt"
    fit(bank, TINY, checkpoint, report=quiet)
    before = checkpoint.read_bytes()
    with pytest.raises(ConfigError, match="begun with other settings"):
        fit(bank, replace(TINY, steps=6), checkpoint, report=quiet)
    other = copy.copy(bank)
    other.material = "0" * 64
    with pytest.raises(ConfigError, match="begun with other films or pictures"):
        fit(other, TINY, checkpoint, report=quiet)
    assert checkpoint.read_bytes() == before


def test_what_an_earlier_version_began_is_gone_on_with(bank, tmp_path):
    checkpoint = tmp_path / "state.pt"
    fit(bank, TINY, checkpoint, report=quiet)
    state = torch.load(checkpoint, weights_only=True)
    del state["material"]
    torch.save(state, checkpoint)
    said = []
    fit(bank, TINY, checkpoint, report=said.append)
    assert not said


def test_what_batches_are_made_of_has_a_name(bank):
    knees = np.stack([draw_knee(n % 5, seed=n, marked=False) for n in range(6)])
    none = read_pictures([])
    banks = [Bank(each, none, none, drawn_each=4) for each in (knees, knees, knees[::-1])]
    assert banks[0].material == banks[1].material != banks[2].material


def test_two_at_once_and_a_full_disk_are_said(bank, tmp_path, monkeypatch):
    with (
        locked(tmp_path / "state.lock", "it"),
        pytest.raises(TrainingError, match="by another process"),
    ):
        fit(bank, TINY, tmp_path / "state.pt", report=quiet)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.tempfile, "mkstemp", full)
    with pytest.raises(DiskFullError, match="is full"):
        fit(bank, TINY, tmp_path / "state.pt", report=quiet)
