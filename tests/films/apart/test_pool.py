"""Workers: limits of time and memory, what is left of a film, and who survives whom."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from kneeoa.errors import ConfigError, RadiographError
from kneeoa.films.apart import wire
from kneeoa.films.apart.pool import Workers
from kneeoa.films.apart.settings import Settings, settings_from
from tests.support.places import ROOT

TASKS = "tests.support.tasks"
AMPLE = Settings(seconds=20, memory=200_000_000, workers=2, patience=60)
"""For what must not run out of time, on a machine that does other things meanwhile either."""


@pytest.fixture(scope="module")
def workers():
    workers = Workers(AMPLE)
    yield workers
    workers.close()


@pytest.fixture
def hurried(workers, monkeypatch):
    """The same workers, whose films run out of time soon."""
    monkeypatch.setattr(workers, "settings", replace(AMPLE, seconds=0.2))
    return workers


def in_time(workers, task, data=b""):
    """Have a task done that may take long by the clock, and little computing."""
    return workers.run(f"{TASKS}.{task}", data, allowance=AMPLE.seconds / workers.settings.seconds)


def process_of(workers):
    return in_time(workers, "who").facts["process"]


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def gone(process, seconds=60):
    deadline = time.monotonic() + seconds
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(process)


@pytest.mark.parametrize("size", [0, 1, wire.SHARED_FROM - 1, wire.SHARED_FROM, 3_000_000])
def test_what_comes_back_is_what_was_sent(workers, size):
    data = np.random.default_rng(0).bytes(size)
    answer = workers.run(f"{TASKS}.echo", data)
    assert answer.facts == {"length": size}
    assert answer.arrays[0].tobytes() == data
    assert not answer.arrays[0].flags.writeable


def test_a_worker_takes_one_film_after_the_other(workers):
    assert process_of(workers) == process_of(workers) != os.getpid()


def test_a_task_that_loops_is_ended_and_the_next_one_is_done(hurried):
    before = process_of(hurried)
    start = time.monotonic()
    with pytest.raises(RadiographError, match=r"within 0\.2 seconds"):
        hurried.run(f"{TASKS}.loop", b"")
    # By its own timers: who waits for it gives it ten seconds more.
    assert time.monotonic() - start < 10
    assert gone(before)
    assert process_of(hurried) != before


def test_a_task_that_waits_is_ended_by_the_clock(hurried):
    with pytest.raises(RadiographError, match="takes longer"):
        hurried.run(f"{TASKS}.wait", b"")


def test_a_task_that_does_more_than_decode_has_more_time_and_its_own_sentence(hurried):
    start = time.monotonic()
    with pytest.raises(RadiographError, match=r"written anew within 0\.6 seconds"):
        hurried.run(f"{TASKS}.loop", b"", allowance=3)
    assert time.monotonic() - start >= 0.6


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not keep limits of memory")
def test_a_task_that_swells_is_refused(workers):
    with pytest.raises(RadiographError, match="decoded in 200 MB of memory"):
        workers.run(f"{TASKS}.swell", b"")
    assert process_of(workers)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not tell the memory of a process")
def test_of_large_films_one_is_decoded_at_a_time_and_ordinary_ones_beside_it(workers):
    def fill(size, seconds):
        return workers.run(f"{TASKS}.fill", b"", size=size, seconds=seconds).facts

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(fill, 2 * AMPLE.ordinary, 0.5) for _ in range(3)]
        time.sleep(0.15)
        ordinary = fill(1000, 0)
        times = sorted((each.result()["began"], each.result()["ended"]) for each in asked)
    assert all(began >= ended for (_, ended), (began, _) in pairwise(times))
    assert ordinary["ended"] < times[-1][1]


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not tell the memory of a process")
def test_a_large_film_waits_for_other_work_that_takes_as_much_memory(workers):
    with ThreadPoolExecutor(1) as pool:
        with workers.in_place_of_a_large_film():
            large = pool.submit(
                workers.run, f"{TASKS}.fill", b"", size=2 * AMPLE.ordinary, seconds=0.2
            )
            ordinary = workers.run(f"{TASKS}.fill", b"", size=1000, seconds=0.3).facts
            assert not large.done()
        assert large.result().facts["began"] >= ordinary["ended"]


def test_a_crash_is_a_refusal(workers):
    with pytest.raises(RadiographError, match="cannot be decoded"):
        workers.run(f"{TASKS}.crash", b"")
    assert process_of(workers)


def test_a_film_whose_worker_is_ended_from_outside_is_tried_again(workers, tmp_path):
    assert workers.run(f"{TASKS}.be_ended", os.fsencode(tmp_path / "tried")).facts["process"]


def test_a_worker_that_was_ended_while_idle_costs_nothing(workers):
    before = process_of(workers)
    os.kill(before, signal.SIGKILL)
    assert gone(before)
    assert process_of(workers) != before


def test_a_template_that_was_ended_is_started_again(workers):
    before = process_of(workers)
    template = workers._template._process
    template.kill()
    template.wait()
    os.kill(before, signal.SIGKILL)
    assert process_of(workers) != before


def test_a_worker_that_may_have_been_harmed_gets_no_other_film(workers):
    spent = workers.run(f"{TASKS}.spend", b"").facts["process"]
    assert process_of(workers) != spent
    assert gone(spent)


def test_refusals_arrive_as_they_are_and_bugs_without_what_files_say(workers):
    with pytest.raises(RadiographError, match="Expected another film"):
        workers.run(f"{TASKS}.refuse", b"")
    with pytest.raises(RuntimeError, match="ValueError in a decoder") as bug:
        workers.run(f"{TASKS}.fail", b"SECRET^PATIENT")
    assert "SECRET" not in str(bug.value)


def test_a_worker_knows_no_keys_and_loads_no_networks(workers):
    names = ["tensorflow", "keras", "torch", "streamlit", "onnxruntime", "pandas", "scipy"]
    assert workers.run(f"{TASKS}.loaded", b"", names=names).facts == {"loaded": []}
    known = workers.run(f"{TASKS}.who", b"").facts["settings"]
    assert not [name for name in known if name.startswith(("KNEEOA_", "STREAMLIT_"))]


def test_many_threads_share_few_workers(hurried):
    def ask(number):
        try:
            if number % 5 == 0:
                return hurried.run(f"{TASKS}.loop", b"")
            return in_time(hurried, "echo", b"x" * number)
        except RadiographError:
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(20)))
    for number, answer in enumerate(answers):
        assert (answer is None) == (number % 5 == 0)
        assert answer is None or answer.facts == {"length": number}


def test_who_finds_no_free_worker_is_told_so(workers, monkeypatch, tmp_path):
    begun = [tmp_path / str(number) for number in range(AMPLE.workers)]
    with ThreadPoolExecutor(len(begun)) as pool:
        held = [pool.submit(workers.run, f"{TASKS}.hold", os.fsencode(file)) for file in begun]
        while not all(file.exists() for file in begun) and not any(each.done() for each in held):
            time.sleep(0.01)
        monkeypatch.setattr(workers, "settings", replace(AMPLE, patience=0.05))
        with pytest.raises(RadiographError, match="busy with other films"):
            workers.run(f"{TASKS}.echo", b"")
        for file in begun:
            file.unlink()
        assert all(each.result() for each in held)
    assert process_of(workers)


STARTS = """
import threading
from kneeoa.films.apart.pool import Workers
from kneeoa.films.apart.settings import Settings
workers = Workers(Settings(seconds=60))
idle = [workers._take(), workers._take()]
print(idle[0]._template._process.pid, flush=True)
for worker in idle:
    worker._learn_number(seconds=60)
    print(worker._number, flush=True)
workers._idle.extend(idle)
for name in ("loop", "wait"):
    threading.Thread(target=workers.run, args=(f"tests.support.tasks.{name}", b"")).start()
"""


def test_a_process_that_is_killed_leaves_no_workers_whatever_they_are_at():
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    children = [int(parent.stdout.readline()) for _ in range(3)]
    time.sleep(0.2)
    assert all(is_running(child) for child in children)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert all(gone(child) for child in children)


def test_settings_come_from_the_environment():
    assert settings_from({}).seconds == 5
    assert 1 <= settings_from({}).workers <= 2
    given = {"KNEEOA_DECODE_SECONDS": "1.5", "KNEEOA_DECODE_MB": "300", "KNEEOA_DECODERS": "7"}
    assert settings_from(given) == Settings(seconds=1.5, memory=300_000_000, workers=7)
    for wrong in ("none", "0", "-3", "nan", "inf"):
        with pytest.raises(ConfigError, match="Expected a number above 0 in KNEEOA_DECODE_MB"):
            settings_from({"KNEEOA_DECODE_MB": wrong})
