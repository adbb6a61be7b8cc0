"""Workers: limits of time and memory, what is left of a film, and who survives whom."""

import os
import signal
import subprocess
import sys
import threading
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
QUICK = Settings(seconds=0.2, memory=200_000_000, workers=2, patience=20)


@pytest.fixture(scope="module")
def workers():
    workers = Workers(QUICK)
    yield workers
    workers.close()


def process_of(workers):
    return workers.run(f"{TASKS}.who", b"").facts["process"]


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def gone(process, seconds=10):
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


def test_a_task_that_loops_is_ended_and_the_next_one_is_done(workers):
    before = process_of(workers)
    start = time.monotonic()
    with pytest.raises(RadiographError, match=r"within 0\.2 seconds"):
        workers.run(f"{TASKS}.loop", b"")
    assert time.monotonic() - start < 10
    assert gone(before)
    assert process_of(workers) != before


def test_a_task_that_waits_is_ended_by_the_clock(workers):
    with pytest.raises(RadiographError, match="takes longer"):
        workers.run(f"{TASKS}.wait", b"")


def test_a_task_that_does_more_than_decode_has_more_time_and_its_own_sentence(workers):
    start = time.monotonic()
    with pytest.raises(RadiographError, match=r"written anew within 0\.6 seconds"):
        workers.run(f"{TASKS}.loop", b"", allowance=3)
    assert time.monotonic() - start >= 0.6


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not keep limits of memory")
def test_a_task_that_swells_is_refused(workers):
    with pytest.raises(RadiographError, match="decoded in 200 MB of memory"):
        workers.run(f"{TASKS}.swell", b"")
    assert process_of(workers)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not tell the memory of a process")
def test_of_large_films_one_is_decoded_at_a_time_and_ordinary_ones_beside_it():
    workers = Workers(replace(QUICK, seconds=5.0))

    def fill(size, seconds):
        return workers.run(f"{TASKS}.fill", b"", size=size, seconds=seconds).facts

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(fill, 2 * QUICK.ordinary, 0.5) for _ in range(3)]
        time.sleep(0.15)
        ordinary = fill(1000, 0)
        times = sorted((each.result()["began"], each.result()["ended"]) for each in asked)
    workers.close()
    assert all(began >= ended for (_, ended), (began, _) in pairwise(times))
    assert ordinary["ended"] < times[-1][1]


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not tell the memory of a process")
def test_a_large_film_waits_for_other_work_that_takes_as_much_memory():
    workers = Workers(replace(QUICK, seconds=5.0))
    with ThreadPoolExecutor(1) as pool:
        with workers.in_place_of_a_large_film():
            large = pool.submit(
                workers.run, f"{TASKS}.fill", b"", size=2 * QUICK.ordinary, seconds=0.2
            )
            ordinary = workers.run(f"{TASKS}.fill", b"", size=1000, seconds=0.3).facts
            assert not large.done()
        assert large.result().facts["began"] >= ordinary["ended"]
    workers.close()


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


def test_a_template_that_was_ended_is_started_again():
    workers = Workers(QUICK)
    try:
        before = process_of(workers)
        template = workers._template._process
        template.kill()
        template.wait()
        os.kill(before, signal.SIGKILL)
        assert process_of(workers) != before
    finally:
        workers.close()


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


def test_many_threads_share_few_workers(workers):
    def ask(number):
        try:
            return workers.run(f"{TASKS}.{'loop' if number % 5 == 0 else 'echo'}", b"x" * number)
        except RadiographError:
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(20)))
    for number, answer in enumerate(answers):
        assert (answer is None) == (number % 5 == 0)
        assert answer is None or answer.facts == {"length": number}


def test_who_finds_no_free_worker_is_told_so():
    workers = Workers(Settings(seconds=1, workers=1, patience=0.05))
    started = threading.Event()

    def occupy():
        started.set()
        with pytest.raises(RadiographError):
            workers.run(f"{TASKS}.loop", b"")

    thread = threading.Thread(target=occupy)
    thread.start()
    started.wait()
    time.sleep(0.1)
    with pytest.raises(RadiographError, match="busy with other films"):
        workers.run(f"{TASKS}.echo", b"")
    thread.join()
    workers.close()


STARTS = """
import sys
from kneeoa.films.apart.pool import Workers
from kneeoa.films.apart.settings import Settings
workers = Workers(Settings(seconds=60))
print(workers._take()._template._process.pid, flush=True)
print(workers.run("tests.support.tasks.who", b"").facts["process"], flush=True)
workers.run(f"tests.support.tasks.{sys.argv[1]}", b"")
"""


@pytest.mark.parametrize("busy_with", ["loop", "wait"])
def test_a_process_that_is_killed_leaves_no_workers(busy_with):
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS, busy_with], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    children = [int(parent.stdout.readline()) for _ in range(2)]
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
