"""States written beside the training: what a kill may cost, and what nothing may."""

import errno
import threading

import keras
import numpy as np
import pytest

from kneeoa.errors import DiskFullError
from train.run import checkpoint, saving
from train.run.checkpoint import State
from train.run.saving import Saver, copies


def state(*losses):
    history = tuple({"epoch": i, "val_loss": loss} for i, loss in enumerate(losses, start=1))
    return State(history, weights(len(losses)), (np.int64(len(losses)),))


def weights(number):
    return {"grade/bias": np.full(5, number, np.float32)}


class Disk:
    """A disk as slow as a test wants; `time` is what the saver's clock says."""

    def __init__(self, monkeypatch):
        self.time, self.written = 0.0, []
        self.free = threading.Event()
        self.free.set()
        self.took = 0.0
        write = checkpoint.write_state

        def slow(folder, what):
            assert self.free.wait(20)
            self.time += self.took
            write(folder, what)
            self.written.append(len(what.history))

        monkeypatch.setattr(saving.checkpoint, "write_state", slow)

    def clock(self):
        return self.time


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def on_disk(folder):
    found = checkpoint.read_state(folder)
    return len(found.history) if found else 0


def test_whatever_ends_a_run_its_last_epoch_is_written(disk, tmp_path):
    disk.took = 2.0
    with pytest.raises(KeyboardInterrupt), Saver(tmp_path, clock=disk.clock) as saver:
        for losses in ((3,), (3, 2), (3, 2, 4)):
            disk.time += 1
            saver.save(state(*losses), weights(len(losses)))
        raise KeyboardInterrupt
    assert on_disk(tmp_path) == 3
    # The best was the second.
    assert [file.name for file in tmp_path.glob("best*")] == ["best-2.npz"]
    np.testing.assert_array_equal(checkpoint.read_best(tmp_path, 2)["grade/bias"], np.full(5, 2))


def test_short_epochs_are_not_all_written_and_never_a_minute_of_them_is_at_risk(disk, tmp_path):
    disk.took = 4.0  # longer than an epoch: 3 s
    worst, ends = 0.0, [0.0]
    with Saver(tmp_path, clock=disk.clock) as saver:
        for epoch in range(1, 60):
            disk.time += 3
            ends.append(disk.time)
            saver.save(state(*range(epoch, 0, -1)), weights(epoch))
            if saver._writing:
                saver._writing.result()
            worst = max(worst, disk.time - ends[on_disk(tmp_path)])
        assert len(disk.written) < 10
    assert worst <= saving.AT_RISK
    assert on_disk(tmp_path) == 59


def test_a_long_epoch_is_written_at_once_while_training_goes_on(disk, tmp_path):
    disk.free.clear()
    with Saver(tmp_path, clock=disk.clock) as saver:
        disk.time += 1200
        saver.save(state(1), weights(1))  # returns though the disk does not
        assert disk.written == []
        disk.free.set()
        saver._writing.result()
        assert disk.written == [1]


def test_training_waits_for_a_disk_that_a_minute_hangs_on(disk, tmp_path):
    disk.free.clear()
    with Saver(tmp_path, clock=disk.clock) as saver:
        disk.time = 40
        saver.save(state(2), weights(1))
        disk.time = 70
        waits = threading.Thread(target=saver.save, args=(state(2, 1), weights(2)))
        waits.start()
        waits.join(0.3)
        assert waits.is_alive()
        disk.free.set()
        waits.join(20)
        assert not waits.is_alive()
    assert disk.written == [1, 2]


class Far:
    """A number that lies on a GPU; `fetched` counts how often any was asked for."""

    fetched = 0

    def __init__(self, number):
        self.number = number

    def __array__(self, dtype=None, copy=None):
        Far.fetched += 1
        return np.array(self.number, dtype)


def test_a_gpu_hands_over_what_is_written_and_no_more(disk, tmp_path, monkeypatch):
    monkeypatch.setattr(Far, "fetched", 0)
    disk.took = 4.0
    with Saver(tmp_path, clock=disk.clock) as saver:
        for epoch in range(1, 41):
            disk.time += 1
            history = state(*range(40, 40 - epoch, -1)).history
            values = {"grade/bias": Far(epoch)}
            saver.save(State(history, values, (Far(epoch),)), values)
            if saver._writing:
                saver._writing.result()
    assert disk.written[-1] == 40 and len(disk.written) < 6
    # The weights, which are the best, too, and what the optimiser notes.
    assert Far.fetched == 2 * len(disk.written)
    assert checkpoint.read_best(tmp_path, 40)["grade/bias"] == 40
    assert checkpoint.read_state(tmp_path).optimizer == (40,)


def test_what_a_variable_held_is_kept_when_it_is_changed(tmp_path):
    variable = keras.Variable(np.zeros(3, np.float32))
    held = copies([("grade/bias", variable)])
    variable.assign(np.ones(3))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(held["grade/bias"]), np.zeros(3))


def test_weights_that_another_try_left_are_not_taken_for_these(tmp_path):
    checkpoint.write_best(tmp_path, 1, weights(99))
    with Saver(tmp_path) as saver:
        saver.save(state(1), weights(1))
    np.testing.assert_array_equal(checkpoint.read_best(tmp_path, 1)["grade/bias"], np.full(5, 1))


def test_the_best_of_an_earlier_process_is_read_from_the_disk(tmp_path):
    with Saver(tmp_path) as saver:
        saver.save(state(1), weights(1))
    with Saver(tmp_path) as saver:
        saver.save(state(1, 2), weights(2))
        assert saver.best(1)["grade/bias"][0] == 1
    assert on_disk(tmp_path) == 2
    assert saver.best(1)["grade/bias"][0] == 1


def test_a_full_disk_is_said_by_the_run_that_it_ends(tmp_path, monkeypatch):
    def full(stream, **arrays):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DiskFullError, match="same command again"), Saver(tmp_path) as saver:
        saver.save(state(1), weights(1))
    with pytest.raises(ValueError, match="the reason"), Saver(tmp_path) as saver:
        saver.save(state(1), weights(1))
        raise ValueError("the reason")
