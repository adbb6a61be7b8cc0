"""How fast a key can be guessed, and that nobody waits for anybody."""

import pytest

from kneeoa.teaching import keys
from kneeoa.teaching.keys import AT_ONCE, SECONDS_A_TRY, Tries


def spent(client="a", now=0.0):
    """Tries of which one client has used all that she has at once."""
    tries = Tries()
    assert [tries.take(client, now) for _ in range(AT_ONCE)] == [0.0] * AT_ONCE
    return tries


def test_after_a_few_at_once_a_client_waits():
    tries = spent()
    assert tries.take("a", 0.0) == pytest.approx(SECONDS_A_TRY)
    assert tries.take("a", 4.0) == pytest.approx(SECONDS_A_TRY - 4)
    # Asking too early costs nothing more.
    assert tries.take("a", SECONDS_A_TRY) == 0.0
    assert tries.take("a", SECONDS_A_TRY) > 0


def test_nobody_else_waits():
    assert spent("a").take("b", 0.0) == 0.0


def test_tries_come_back_and_no_more_than_there_were():
    tries = spent()
    later = 1000 * SECONDS_A_TRY
    assert [tries.take("a", later) for _ in range(AT_ONCE)] == [0.0] * AT_ONCE
    assert tries.take("a", later) > 0


def test_no_pace_gives_more_guesses_than_one_in_ten_seconds():
    tries, hour = Tries(), 3600
    right = sum(tries.take("a", tenth / 10) == 0 for tenth in range(10 * hour))
    assert right <= AT_ONCE + hour / SECONDS_A_TRY


def test_many_clients_are_forgotten_but_not_those_that_just_tried(monkeypatch):
    monkeypatch.setattr(keys, "MOST_CLIENTS", 10)
    tries = Tries()
    for number in range(50):
        tries.take(f"client {number}", 0.0)
    assert len(tries._whole_again) <= 10
    for _ in range(AT_ONCE):
        tries.take("a", 1.0)
    assert tries.take("a", 1.0) > 0


@pytest.mark.parametrize("given", ["", "wrong", "secret ke", "secret key2", "\ud800", "ключ"])
def test_another_key_is_wrong(given):
    assert not keys.is_right(given, "secret key")


def test_a_key_of_any_bytes_is_right():
    assert keys.is_right(" secret key ", "secret key")
    assert keys.is_right("ключ\udcff", "ключ\udcff")
