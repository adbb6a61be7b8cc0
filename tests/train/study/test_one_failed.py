"""What one cycle or trial raises is its own: the others train, and the same command tries again."""

import json
from types import SimpleNamespace

import optuna
import pytest

from kneeoa.errors import DiskFullError, TrainingError
from kneeoa.records import history, results, studies
from tests.support.records import STUDY
from tests.support.research import write_run
from train.gpu import GPUFailedError
from train.machine import Machine
from train.run import checkpoint
from train.run.checkpoint import State, UnusableStateError
from train.run.saving import Saver
from train.study import alike, cluster, cycles, tasks, tune
from train.study.board import Board
from train.study.job import Job, Outcome

MADE_BY = "torch, float32"


@pytest.fixture
def jobs(tmp_path):
    names = [f"mobilenet-seed{seed}-{0:08x}" for seed in range(3)]
    return [Job(name, None, tmp_path, "f" * 64, keep="all") for name in names]


def trained(jobs, monkeypatch, error):
    """Train `jobs`, of which the first raises `error`; return the board."""

    def cycle(job, *_):
        if job is jobs[0]:
            raise error
        seed = jobs.index(job)
        write_run(job.results, "mobilenet", seed)
        return job.results / "runs" / job.run_id

    monkeypatch.setattr(cycles, "train_cycle", cycle)
    with Board(jobs[0].results / "status.json", "one", quiet=True) as board:
        for job in jobs:
            board.add(job.run_id, "mobilenet", 0, "waiting", epochs=1)
        cycles.train_here(jobs, None, {}, None, board)
    return board


@pytest.mark.parametrize(
    ("error", "sentence", "is_kept"),
    [
        (TrainingError("The loss is no number."), "The loss is no number.", False),
        (ValueError("shapes\nand more"), "a fault of the program: ValueError: shapes.", True),
        (MemoryError(), "There is not enough memory", True),
        (PermissionError(13, "Permission denied", "/a/file"), "/a/file: Permission denied.", True),
    ],
)
def test_whatever_one_cycle_raises_the_others_train(error, sentence, is_kept, jobs, monkeypatch):
    board = trained(jobs, monkeypatch, error)
    assert [job.is_finished for job in jobs] == [False, True, True]
    assert list(board.failed) == [jobs[0].run_id]
    assert sentence in board.failed[jobs[0].run_id]
    trace = jobs[0].results / "errors" / f"{jobs[0].run_id}.txt"
    assert trace.exists() == is_kept
    if is_kept:
        assert type(error).__name__ in trace.read_text()
        assert str(trace) in board.failed[jobs[0].run_id]


@pytest.mark.parametrize(
    "error", [GPUFailedError("gone"), DiskFullError("full"), KeyboardInterrupt()]
)
def test_without_a_gpu_or_room_or_the_user_none_trains(error, jobs, monkeypatch):
    with pytest.raises(type(error)):
        trained(jobs, monkeypatch, error)
    assert not any(job.is_finished for job in jobs)


def test_a_cycle_that_diverged_says_so_where_it_is_finished(tmp_path):
    run = tmp_path / "runs" / write_run(tmp_path, "mobilenet", 0)
    assert cycles.finished(run).sentence == ""
    table = history.read(run).assign(val_loss=12.9)
    table.to_csv(run / "history.csv", index=False)
    assert (
        "learnt nothing: its validation loss was never below 1.61" in cycles.finished(run).sentence
    )


def test_a_trial_that_ends_by_a_fault_is_left_to_the_next_search(tmp_path, monkeypatch):
    from tests.train.study.test_tune import open_search

    def fails(config, train, val, **_):
        raise ValueError("shapes")

    monkeypatch.setattr(tune, "fit", fails)
    search = open_search(tmp_path)
    with Board(None, "search", quiet=True) as board:
        faulty = tune.search_here(search, 2, {"train": None, "val": None}, None, board)
    assert faulty == len(board.failed) == 2
    states = {trial.state for trial in search.study.trials}
    assert states == {optuna.trial.TrialState.RUNNING}
    assert search.next_trial(2, set()).number == 0
    assert len(list((tmp_path / "errors").iterdir())) == 2


def test_a_trial_whose_state_is_of_no_use_begins_anew_and_says_so(tmp_path):
    checkpoint.state_file(tmp_path).write_bytes(b"")
    tries = []

    def train():
        tries.append(1)
        if checkpoint.read_state(tmp_path) is None:
            return type("Fitted", (), {"history": ({"val_loss": 0.5},)})

    outcome = tasks.trained_trial(train, tmp_path)
    assert (outcome.state, outcome.losses, len(tries)) == ("finished", (0.5,), 2)
    assert outcome.sentence.endswith("It was begun anew.")


@pytest.mark.parametrize("where", ["here", "on a cluster"])
def test_what_a_kill_left_of_a_finished_run_goes_with_the_next_command(where, jobs, tmp_path):
    (job, *_) = jobs
    write_run(tmp_path, "mobilenet", 0)
    assert job.is_finished
    checkpoint.write_state(job.unfinished, State((), {}, (), MADE_BY))
    Outcome("waiting", trace="where it was").kept(tmp_path, job.run_id)
    with checkpoint.locked(job.lock, "it"):
        pass  # what holds a lock that is killed leaves its file
    if where == "here":
        cycles.train_here([job], None, {}, None, None)
    else:
        cluster.train_on(SimpleNamespace(machine_options={}), [job], None, (), {}, None)
    assert not list((tmp_path / "unfinished").iterdir())
    assert not list((tmp_path / "errors").iterdir())


def test_what_a_kill_left_half_written_goes_when_the_run_goes_on(tmp_path):
    checkpoint.write_state(tmp_path, State((), {}, (), MADE_BY))
    for half in (".state.npz.x1y2", ".best-3.npz.z3"):
        (tmp_path / half).write_bytes(b"PK")
    with Saver(tmp_path):
        assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


def described(study_id="one", run_ids=()):
    from dataclasses import replace

    return replace(STUDY, study_id=study_id, run_ids=tuple(run_ids))


def finished(tmp_path, seed, precision):
    libraries = {"python": "3.11", "torch": "2.13.0"}
    return write_run(tmp_path, "mobilenet", seed, precision=precision, libraries=libraries)


def test_a_study_is_made_alike_or_refused_with_what_to_do(jobs, tmp_path):
    study = described(run_ids=[job.run_id for job in jobs])
    first = alike.made_alike(jobs, study, MADE_BY)
    folder = studies.study_folder(tmp_path, "one")
    assert [job.alike for job in first] == [folder] * 3
    assert alike.made_alike(jobs, study, MADE_BY)
    with pytest.raises(TrainingError, match=r"go on under torch, float32.*--precision float32"):
        alike.made_alike(jobs, study, "torch, mixed_bfloat16")
    with pytest.raises(TrainingError, match="KERAS_BACKEND=torch"):
        # As a machine of a cluster finds it.
        alike.expect(folder, "tensorflow, float32")
    alike.expect(folder, MADE_BY)


def test_what_a_study_was_begun_under_is_known_of_its_runs(jobs, tmp_path):
    finished(tmp_path, 0, "mixed_bfloat16")
    study = described("another", [job.run_id for job in jobs])
    with pytest.raises(TrainingError, match="under torch, mixed_bfloat16"):
        alike.made_alike(jobs, study, MADE_BY)
    assert alike.made_alike(jobs, study, "")  # machines will tell
    with pytest.raises(TrainingError, match="under torch, mixed_bfloat16"):
        alike.expect(studies.study_folder(tmp_path, "another"), MADE_BY)
    checkpoint.write_state(jobs[1].unfinished, State((), {}, (), MADE_BY))
    with pytest.raises(TrainingError, match="under torch, mixed_bfloat16 and under torch, float32"):
        alike.made_alike(jobs, described("third", study.run_ids), "")
    for seed in (1, 2):
        finished(tmp_path, seed, "float32")
    # Nothing is left to mix.
    assert alike.made_alike(jobs, study, MADE_BY) == jobs


def test_of_machines_that_begin_at_once_one_is_the_first(tmp_path):
    alike._note_first(tmp_path, "torch, float32")
    alike._note_first(tmp_path, "tensorflow, float32")
    assert [file.name for file in tmp_path.iterdir()] == [alike.FILE]
    with pytest.raises(TrainingError, match="Received: tensorflow"):
        alike.expect(tmp_path, "tensorflow, float32")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", None, "of its end"])
@pytest.mark.parametrize("file", ["state.npz", "best-1.npz"])
def test_a_damaged_state_names_the_run_and_the_folder_to_remove(file, content, tmp_path):
    import numpy as np

    folder = tmp_path / "unfinished" / "mobilenet-seed0-0"
    weights = {"conv1/kernel": np.ones(100, np.float32)}
    checkpoint.write_state(folder, State(({"val_loss": 1.0},), weights, (), MADE_BY))
    checkpoint.write_best(folder, 1, weights)
    place = folder / file
    if content is None:
        place.unlink()
    else:
        place.write_bytes(place.read_bytes()[:-60] if content == "of its end" else content)
    read = checkpoint.read_state if file == "state.npz" else lambda at: checkpoint.read_best(at, 1)
    if content is None and file == "state.npz":
        assert read(folder) is None
        return
    with pytest.raises(UnusableStateError, match=f"{folder} to begin this run anew") as caught:
        read(folder)
    assert "mobilenet-seed0-0 goes on from" in str(caught.value)
    checkpoint.forget(folder)
    assert not list(folder.iterdir())


def test_what_may_be_whole_is_not_called_damaged(tmp_path):
    with pytest.raises(MemoryError), checkpoint.read_whole(tmp_path / "state.npz"):
        raise MemoryError
    with pytest.raises(PermissionError), checkpoint.read_whole(tmp_path / "state.npz"):
        raise PermissionError(13, "Permission denied")


def test_the_status_says_when_the_study_was_begun(tmp_path):
    with Board(tmp_path / "status.json", "one", begun_at="2026-01-01T00:00:00+00:00", quiet=True):
        pass
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["begun_at"] == "2026-01-01T00:00:00+00:00"


def test_machines_and_records_say_backend_and_precision_alike(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    name = finished(tmp_path, 0, "float32")
    assert results.read_record(tmp_path / "runs" / name).backend == "torch"
    assert Machine("cpu", "float32").made_by == MADE_BY
