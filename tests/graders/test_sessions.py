"""Runs of networks side by side: in order, whole, and with whatever goes wrong."""

import threading

import pytest

from kneeoa.graders.sessions import side_by_side


def test_results_come_in_the_order_of_the_calls():
    assert side_by_side([lambda n=n: n * n for n in range(50)]) == [n * n for n in range(50)]
    assert side_by_side([]) == []


def test_two_are_made_at_once():
    both = threading.Barrier(2, timeout=20)
    assert sorted(side_by_side([both.wait, both.wait])) == [0, 1]


def test_who_finds_all_helpers_busy_makes_all_alone():
    free = threading.Event()
    waiting = [lambda: free.wait(20), lambda: free.wait(20)]
    busy = [threading.Thread(target=side_by_side, args=[waiting]) for _ in range(40)]
    for thread in busy:
        thread.start()
    try:
        assert side_by_side([lambda: 1, lambda: 2, lambda: 3]) == [1, 2, 3]
    finally:
        free.set()
        for thread in busy:
            thread.join()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_one_raises_is_raised(place):
    def call(number):
        if number == place:
            raise ValueError(f"number {number}")
        return number

    with pytest.raises(ValueError, match=f"number {place}"):
        side_by_side([lambda n=n: call(n) for n in range(3)])
