"""Networks computed by PyTorch's own functions, layer by layer."""

import contextlib

import keras
import numpy as np
import pytest

from train.machine import Machine, backend

if backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, as in `make test`", allow_module_level=True)

import torch

from kneeoa.errors import TrainingError
from tests.support import tiny
from tests.support.knees import drawn_films
from train.config import Stage, preset
from train.graph.native import network as native_network
from train.graph.native.stage import NativeStage, on_device
from train.graph.trainer import build_optimizer, inner, rates
from train.run.fit import fit


@pytest.mark.parametrize(("stride", "exact"), [(2, True), (1, False)])
def test_on_a_cpu_only_strided_depthwise_layers_leave_bfloat16(stride, exact):
    layer = keras.layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)
    layer.build((None, 16, 16, 8))
    films = torch.rand(4, 8, 16, 16, dtype=torch.bfloat16, requires_grad=True)
    kernel = layer.kernel.value
    with torch.autocast("cpu", torch.bfloat16):
        result = native_network._convolve(layer, films)
    assert result.dtype == torch.bfloat16
    film_gradient, kernel_gradient = torch.autograd.grad(result.float().sum(), [films, kernel])
    expected = native_network._convolve(layer, films.float())
    by_float32 = torch.autograd.grad(expected.sum(), [films, kernel])
    torch.testing.assert_close(film_gradient, by_float32[0], atol=0.05, rtol=0.02)
    torch.testing.assert_close(kernel_gradient, by_float32[1], atol=0.05, rtol=0.02)
    assert torch.equal(kernel_gradient, by_float32[1]) == exact


@pytest.mark.usefixtures("tiny_networks")
@pytest.mark.parametrize("name", ["mobilenet", "resnet50"])
def test_gradients_lie_in_memory_as_what_they_change(name):
    network = tiny.network(name)
    before = [keras.ops.convert_to_numpy(weight.value).copy() for weight in network.weights]
    optimizer = build_optimizer(preset("smoke", name, averaging=0.9), Stage("all", 1), 8)
    optimizer.build(network.trainable_variables)
    optimizer._momentums[0].assign(optimizer._momentums[0] + 3)
    native_network.lay_out_as_convolved(network, optimizer)
    for weight, was in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight.value), was)
    assert (keras.ops.convert_to_numpy(optimizer._momentums[0].value) == 3).all()
    values = [variable.value for variable in network.trainable_variables]
    films = torch.rand(2, 64, 64, 1)
    compute = native_network.Native(network, network.layers[-1].name)
    gradients = torch.autograd.grad(compute(films, training=True).square().mean(), values)
    kept = (optimizer._momentums, optimizer._velocities, optimizer._model_variables_moving_average)
    for number, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        beside = [variables[number].value.stride() for variables in kept]
        assert {value.stride(), gradient.stride(), *beside} == {value.stride()}, number


def test_what_is_computed_in_float32_is_not_rounded_on_a_gpu():
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_a_film_larger_than_half_the_sheet_of_noise_reads_on_at_its_other_end():
    from train.graph.chance import LOOKS, NOISE_SIDE, noise_sheet
    from train.graph.native.augment import Augment

    plain = dict.fromkeys(("sharpened", "lossy", "shaded"), False)
    augment = Augment(256, noisy=True, **plain, seed=3, device=torch.device("cpu"))
    last = NOISE_SIDE - 225
    still = {"gamma": 1, "contrast": 1, "noise": 10, "noise_row": last, "noise_column": last}
    look = torch.tensor([[still.get(name, 0) for name in LOOKS]], dtype=torch.float32)
    warp = torch.tensor([[1, 0, 0, 0, 1, 0, 0, 223, 0, 223]], dtype=torch.float32)
    film = torch.full((1, 224 * 224), 128, dtype=torch.uint8)
    noise = augment(film, warp, look).numpy()[0, ..., 0] - 128
    sheet = noise_sheet(3).reshape(NOISE_SIDE, NOISE_SIDE)
    rows = (last + np.arange(256)) % NOISE_SIDE
    np.testing.assert_allclose(noise, 10 * sheet[np.ix_(rows, rows)], atol=1e-3)


@pytest.mark.usefixtures("tiny_networks")
@pytest.mark.parametrize("scales", [False, True], ids=["bfloat16", "float16"])
def test_no_part_of_a_step_lies_elsewhere_than_its_network(scales, monkeypatch):
    """On a device that computes nothing, and refuses what lies on the CPU, as a GPU does."""
    films = drawn_films(8)
    changes = ("noise", "jpeg", "sharpness", "stretch", "cut", "shading", "gamma", "brightness")
    config = preset(
        "smoke",
        "mobilenet",
        batch_size=4,
        stages=(Stage("all", 2, 1.0, 64),),
        **dict.fromkeys(changes, 0.3),
        optimizer="adamw",
        weight_decay=0.02,
        schedule="cosine",
        averaging=0.9,
        standardise=True,
    )
    network = tiny.network("mobilenet", standardise=True)
    optimizer = build_optimizer(config, config.stages[0], len(films))
    if scales:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(network.trainable_variables)
    native_network.lay_out_as_convolved(network, inner(optimizer))
    for variable in (*network.weights, *optimizer.variables):
        needs = variable.value.requires_grad
        there = variable.value.detach().to("meta")
        variable._value = torch.nn.Parameter(there, requires_grad=needs)
    # Which this device does not know.
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
    images = on_device(films.images, network)
    table = rates(config, config.stages[0], len(films))
    stage = NativeStage(network, optimizer, table, config, config.stages[0], images, recorder=None)
    stage._step()
    assert stage._loss.device.type == "meta"
    answers = native_network.Native(network, network.layers[-1].name)
    assert answers(images.reshape(-1, 224, 224, 1).float()).device.type == "meta"
    stage._augment._sheet = torch.zeros(9)
    with pytest.raises(RuntimeError, match="device"):
        stage._step()


@pytest.mark.usefixtures("tiny_networks")
def test_a_run_that_would_not_train_on_its_gpu_does_not_train(tmp_path):
    films = drawn_films(8)
    config = preset("smoke", "mobilenet", batch_size=4)
    with pytest.raises(TrainingError, match="Expected the network on the gpu"):
        fit(config, films, films, folder=tmp_path / "state", machine=Machine("gpu"))
    assert not list(tmp_path.glob("state/*.npz"))
