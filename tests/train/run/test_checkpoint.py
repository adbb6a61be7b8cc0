"""What a run leaves on the disk: whole or not at all."""

import errno

import numpy as np
import pytest

from kneeoa.errors import DiskFullError
from train.run import checkpoint
from train.run.checkpoint import State

STATE = State(
    ({"epoch": 1, "val_loss": 0.1 + 0.2},),
    {"conv1/kernel": np.arange(6, dtype=np.float32).reshape(2, 3)},
    (np.int64(3), np.ones(2, np.float32)),
)


def test_a_state_is_read_as_it_was_written(tmp_path):
    assert checkpoint.read_state(tmp_path) is None
    checkpoint.write_state(tmp_path, STATE)
    back = checkpoint.read_state(tmp_path)
    assert back.history == STATE.history
    np.testing.assert_array_equal(back.weights["conv1/kernel"], STATE.weights["conv1/kernel"])
    assert [value.tolist() for value in back.optimizer] == [3, [1, 1]]


def test_a_full_disk_keeps_the_state_before_and_says_so(tmp_path, monkeypatch):
    checkpoint.write_state(tmp_path, STATE)

    def full(stream, **arrays):
        stream.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DiskFullError, match=r"is full.*same command again"):
        checkpoint.write_state(tmp_path, State((), {}, ()))
    assert checkpoint.read_state(tmp_path).history == STATE.history
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


def test_only_the_best_weights_stay(tmp_path):
    for epoch in (1, 2):
        checkpoint.write_best(tmp_path, epoch, {"grade/bias": np.full(5, epoch)})
    checkpoint.drop_old_best(tmp_path, 2)
    assert [file.name for file in tmp_path.iterdir()] == ["best-2.npz"]
    np.testing.assert_array_equal(checkpoint.read_best(tmp_path, 2)["grade/bias"], np.full(5, 2))
