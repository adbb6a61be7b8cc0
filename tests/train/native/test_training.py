"""What training under PyTorch must hold: needs ``KERAS_BACKEND=torch``, as in ``make test``."""

import sys
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest
import torch

from kneeoa.data.dataset import read_dataset
from kneeoa.errors import TrainingError
from kneeoa.graders import architectures
from tests.support import tiny
from tests.support.knees import drawn_films, write_tree
from train.config import Stage, preset
from train.graph.native import capture
from train.graph.native import network as native_network
from train.graph.native.recorded import cpu_graph
from train.graph.native.stage import on_device
from train.graph.native.update import Update
from train.graph.trainer import averaged, build_optimizer, inner, rates, unfreeze_from
from train.machine import Machine, backend
from train.run import fit as fitting
from train.run import native_learner
from train.run.batches import predict, targets_of
from train.run.fit import fit
from train.run.keras_learner import KerasLearner
from train.run.native_learner import NativeLearner
from train.study.rehearsal import rehearse

if backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, as in `make test`", allow_module_level=True)

pytestmark = pytest.mark.usefixtures("tiny_networks")

FILMS, VAL = drawn_films(17), drawn_films(6, first=900)
EVERYTHING = preset(
    "smoke",
    "mobilenet",
    stages=(Stage("all", 2, 1.0, 64),),
    optimizer="adamw",
    weight_decay=0.02,
    schedule="cosine",
    warmup=0.2,
    averaging=0.9,
    label_smoothing=0.1,
    brightness=0.2,
    gamma=0.3,
    noise=0.1,
    jpeg=0.5,
    sharpness=0.5,
    stretch=0.3,
    cut=0.5,
    shading=0.5,
    standardise=True,
)
PLAIN = preset("smoke", "mobilenet", stages=(Stage("conv5", 2, 1.0, 64),))


def network_of(config):
    network = architectures.build("mobilenet", seed=5, side=None, standardise=config.standardise)
    architectures.assign_all(
        network,
        architectures.weight_arrays(tiny.network("mobilenet", standardise=config.standardise)),
    )
    unfreeze_from(network, config.stages[0].from_layer)
    return network


def native(network, config, recorder=None):
    images = on_device(FILMS.images, network)
    targets = targets_of(config, FILMS)
    return NativeLearner(network, config, config.stages[0], images, targets, recorder=recorder)


def state_of(network, learner):
    variables = [*network.weights, *learner.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable.value) for variable in variables]


def trained(config, make):
    network = network_of(config)
    learner = make(network, config)
    learned = [learner.epoch(number, lambda share, loss: None) for number in range(2)]
    state = state_of(network, learner)
    kept = averaged(network, learner.optimizer, architectures.weight_arrays(network))
    learner.close()
    return learned, state, kept


def by_keras(network, config):
    return KerasLearner(network, config, config.stages[0], Machine(), FILMS)


@pytest.fixture
def tensorflow(monkeypatch):
    """Let Keras find TensorFlow, which its own training asks even under PyTorch; see `tiny`."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)


@pytest.mark.parametrize("config", [EVERYTHING, PLAIN], ids=["everything", "plain"])
def test_it_learns_what_keras_own_training_learns(config, tensorflow):
    ours, _, kept = trained(config, native)
    keras_own, _, kept_by_keras = trained(config, by_keras)
    assert ours[0].loss == pytest.approx(keras_own[0].loss, rel=1e-5)
    assert [one.accuracy for one in ours] == [one.accuracy for one in keras_own]
    assert [one.learning_rate for one in ours] == [one.learning_rate for one in keras_own]
    for name, value in kept_by_keras.items():
        # Keras' batch norm keeps a biased variance.
        if not name.endswith("moving_variance"):
            np.testing.assert_allclose(kept[name], value, atol=2e-4, err_msg=name)


@pytest.mark.parametrize(
    ("config", "precision"),
    [
        (EVERYTHING, "float32"),
        (EVERYTHING, "mixed_bfloat16"),
        (EVERYTHING, "mixed_float16"),
        (PLAIN, "float32"),
    ],
    ids=["everything", "bfloat16", "float16", "plain"],
)
def test_a_recorded_step_gives_what_the_step_gives(config, precision):
    keras.config.set_dtype_policy(precision)
    try:
        eager = trained(config, native)
        recorded = trained(config, lambda *of: native(*of, recorder=cpu_graph))
    finally:
        keras.config.set_dtype_policy("float32")
    assert recorded[0] == eager[0]
    for one, other in zip(recorded[1], eager[1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert eager[0][0] != eager[0][1]


def test_recording_leaves_the_state_and_no_step_moves_it_elsewhere():
    network = network_of(EVERYTHING)
    before = architectures.weight_arrays(network)
    learner = native(network, EVERYTHING, cpu_graph)
    for name, value in architectures.weight_arrays(network).items():
        np.testing.assert_array_equal(value, before[name])
    assert inner(learner.optimizer).iterations.value.item() == 0
    variables = [*network.weights, *learner.optimizer.variables]
    places = [variable.value.data_ptr() for variable in variables]
    learner.epoch(0, lambda share, loss: None)
    assert [variable.value.data_ptr() for variable in variables] == places
    learner.close()


class Interrupted(Exception):
    """Stands for whatever ends a process."""


def without_times(history):
    return [
        {k: v for k, v in row.items() if k not in ("seconds", "images_per_second")}
        for row in history
    ]


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """Refuse what a tensor of a GPU refuses: to be read by NumPy before it is on the CPU."""
    to_cpu, to_numpy, plain = torch.Tensor.cpu, torch.Tensor.numpy, torch.Tensor.__array__
    on_cpu = weakref.WeakValueDictionary()

    def cpu(self, *args, **options):
        # Another tensor, as from a GPU.
        result = to_cpu(self, *args, **options).clone()
        on_cpu[id(result)] = result
        return result

    def numpy(self, *args, **options):
        if on_cpu.get(id(self)) is not self:
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        return to_numpy(self, *args, **options)

    def array(self, *args, **options):
        caller = sys._getframe(1).f_code
        if not caller.co_filename.endswith("keras/src/backend/torch/core.py"):
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        on_cpu[id(self)] = self
        return plain(self, *args, **options)

    monkeypatch.setattr(torch.Tensor, "cpu", cpu)
    monkeypatch.setattr(torch.Tensor, "numpy", numpy)
    monkeypatch.setattr(torch.Tensor, "__array__", array)


def test_a_tensor_that_numpy_may_not_read_is_refused(as_on_a_gpu):
    with pytest.raises(TypeError, match="device type tensor"):
        np.asarray(torch.ones(2))
    with pytest.raises(TypeError, match="device type tensor"):
        torch.ones(2).numpy()
    assert keras.ops.convert_to_numpy(torch.ones(2)).sum() == 2


@pytest.mark.parametrize("recorder", [None, cpu_graph], ids=["step by step", "recorded"])
def test_a_whole_run_reads_no_tensor_as_if_it_lay_on_the_cpu(
    recorder, as_on_a_gpu, tmp_path, monkeypatch
):
    monkeypatch.setattr(capture, "recorder_for", lambda device: recorder)
    config = replace(EVERYTHING, stages=(Stage("head", 1, 1.0, 64), Stage("conv5", 2, 1.0, 64)))

    def interrupt(progress):
        if progress.share == 1 and progress.epoch == 2:
            raise Interrupted

    whole = fit(config, FILMS, VAL, folder=tmp_path / "whole")
    with pytest.raises(Interrupted):
        fit(config, FILMS, VAL, folder=tmp_path / "again", report=interrupt)
    notes = []
    again = fit(
        config, FILMS, VAL, folder=tmp_path / "again", report=lambda at: notes.append(at.note)
    )
    assert set(notes) == {""}
    assert without_times(again.history) == without_times(whole.history)
    assert architectures.weights_hash(again.network) == architectures.weights_hash(whole.network)
    np.testing.assert_array_equal(predict(again.network, VAL), predict(whole.network, VAL))
    from train.publish.export import round_to_storage, to_onnx

    round_to_storage(again.network)
    assert to_onnx(again.network).graph.node


def test_what_cannot_be_recorded_is_trained_step_by_step_and_says_so(tmp_path, monkeypatch):
    def refuse(step):
        step()
        raise RuntimeError("operation not permitted when stream is capturing\nCUDA kernel errors")

    plain = fit(PLAIN, FILMS, VAL, folder=tmp_path / "plain")
    monkeypatch.setattr(capture, "recorder_for", lambda device: refuse)
    notes = []
    refused = fit(
        PLAIN, FILMS, VAL, folder=tmp_path / "refused", report=lambda at: notes.append(at.note)
    )
    (note,) = set(notes)
    assert note.endswith("so slower: operation not permitted when stream is capturing")
    assert without_times(refused.history) == without_times(plain.history)


def test_a_device_without_room_is_said_in_a_sentence(tmp_path, monkeypatch):
    def full(step):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    for module, name, replaced in (
        (native_learner.capture, "recorder_for", lambda device: full),
        (fitting, "copies", full),
    ):
        with monkeypatch.context() as patch, pytest.raises(TrainingError, match="do not fit into"):
            patch.setattr(module, name, replaced)
            fit(PLAIN, FILMS, VAL, folder=tmp_path)


def test_layers_that_are_needed_no_more_are_let_go(monkeypatch):
    alive, most = weakref.WeakValueDictionary(), 0

    def watched(function):
        def call(layer, *inputs):
            nonlocal most
            result = function(layer, *inputs)
            alive[id(result)] = result
            most = max(most, len(alive))
            return result

        return call

    functions = {function: watched(function) for function in native_network._FUNCTIONS.values()}
    by_layer = {kind: functions[of] for kind, of in native_network._FUNCTIONS.items()}
    monkeypatch.setattr(native_network, "_FUNCTIONS", by_layer)
    batch_norm = functions[native_network._batch_norm]
    monkeypatch.setattr(native_network, "_batch_norm", batch_norm)
    compute = native_network.Native(tiny.network("mobilenet"), "grade")
    with torch.no_grad():
        compute(torch.rand(2, 224, 224, 1))
    assert 1 < most <= 3


def test_gradients_that_are_not_finite_change_nothing_but_the_scale():
    network = network_of(EVERYTHING)
    optimizer = keras.optimizers.LossScaleOptimizer(
        build_optimizer(EVERYTHING, EVERYTHING.stages[0], len(FILMS)), initial_scale=1024.0
    )
    optimizer.build(network.trainable_variables)
    table = torch.tensor(rates(EVERYTHING, EVERYTHING.stages[0], len(FILMS)))
    update = Update(optimizer, table)
    before = [value.clone() for value in update.values]
    bad = [torch.full_like(value, float("inf")) for value in update.values]
    update(bad)
    assert all(torch.equal(one, other) for one, other in zip(update.values, before, strict=True))
    assert optimizer.dynamic_scale.value.item() == 512
    assert update.step.item() == 0
    update([torch.full_like(value, 512.0) for value in update.values])
    assert not any(torch.equal(one, old) for one, old in zip(update.values, before, strict=True))
    assert (update.step.item(), optimizer.step_counter.value.item()) == (1, 1)
    moments = [m.value for m in optimizer.inner_optimizer._momentums]
    assert all(torch.allclose(m, torch.full_like(m, 0.1)) for m in moments)


@pytest.fixture
def small(tmp_path):
    return read_dataset(write_tree(tmp_path / "tree", train=3, val=1, test=1))


def test_a_rehearsal_tries_every_stage_recorded(small):
    config = replace(EVERYTHING, stages=(Stage("head", 9, 1.0, 64), Stage("all", 9, 1.0, 64)))
    said = list(rehearse(config, small, Machine()))
    assert [part.split(": ")[0] for part in said] == [
        "mobilenet, stage head:9:1:64",
        "mobilenet, stage all:9:1:64",
        "mobilenet",
    ]
    assert "recorded and replayed" in said[0]
    assert "interrupted, taken up" in said[2]


def test_a_rehearsal_ends_at_a_step_that_cannot_be_recorded(small, monkeypatch):
    from train.graph.native import stage

    def careless(films, *chance):
        return films.float().reshape(-1, 224, 224, 1) * torch.tensor([1.0])

    monkeypatch.setattr(stage, "Augment", lambda *of, **options: careless)
    with pytest.raises(TrainingError, match="brings numbers from the host"):
        list(rehearse(PLAIN, small, Machine()))
