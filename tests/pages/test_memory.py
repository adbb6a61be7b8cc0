"""What films and uploads may take of the server's memory, and who makes room for whom."""

import asyncio
import gc
import platform
import threading
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.errors import ConfigError
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import knee_png
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.locating.found import Found, Knee, turned_right
from kneeoa.graders.locating.gate import NEGATIVE
from pages.own_films import work
from pages.shared import session_films
from pages.shared.memory import allocator, uploads, working
from pages.shared.memory import film as film_module
from pages.shared.memory.film import Film
from pages.shared.memory.holding import Holding
from pages.shared.memory.limits import FullError, Limits, limits_from
from pages.shared.memory.recent import RecentFilms
from pages.shared.memory.uploads import UploadRoom, Waiting
from tests.support.places import MAIN_SCRIPT

LIMITS = Limits(films=100, all_films=150, uploads=100, all_uploads=150)


class Held:
    """What holds pixels until it is told to let them go."""

    def __init__(self):
        self.pixels = True

    def let_go(self):
        self.pixels = False


def held(holding, session, kept, pixels):
    film = Held()
    holding.keep(film, session, kept)
    holding.hold(film, pixels)
    return film


def test_the_oldest_pixels_of_a_session_go_first():
    holding = Holding(LIMITS)
    first, second = held(holding, "a", 5, 40), held(holding, "a", 5, 40)
    holding.used(first)
    third = held(holding, "a", 5, 40)
    assert (first.pixels, second.pixels, third.pixels) == (True, False, True)
    assert holding.taken("a") == holding.taken() == 95


def test_other_sessions_make_room_when_the_server_is_full():
    holding = Holding(LIMITS)
    first, second = held(holding, "a", 5, 60), held(holding, "b", 5, 60)
    third = held(holding, "c", 5, 60)
    assert (first.pixels, second.pixels, third.pixels) == (False, True, True)
    assert holding.taken() <= LIMITS.all_films


def test_what_is_looked_at_stays_however_large_it_is():
    holding = Holding(LIMITS)
    other = held(holding, "a", 5, 40)
    assert held(holding, "a", 5, 1000).pixels
    assert not other.pixels


def test_files_alone_can_fill_a_session_and_the_server_and_then_nothing_is_lost():
    holding = Holding(LIMITS)
    mine = held(holding, "a", 90, 5)
    with pytest.raises(FullError, match="as much as one session may hold"):
        holding.expect_room("a", 20)
    others = held(holding, "b", 50, 5)
    with pytest.raises(FullError, match="as many films of its readers as it can"):
        holding.expect_room("c", 20)
    holding.expect_room("c", 10)
    assert holding.taken() >= 140
    del mine, others


def test_films_that_nobody_has_any_more_take_nothing():
    holding = Holding(LIMITS)
    films = [held(holding, "a", 20, 5) for _ in range(5)]
    films.append(films)  # as a session that ends may leave a circle behind
    del films
    holding.expect_room("b", 100)
    gc.collect()
    assert holding.taken() == 0


def test_uploads_are_counted_while_they_come_and_while_they_wait():
    waiting = Waiting(LIMITS)
    first = waiting.let_in("a", "1", 60, {})
    assert waiting.comes(first, 60, {})
    assert not waiting.let_in("a", "2", 60, {})
    assert "in this session" in waiting.refusal("a", "2")
    assert waiting.refusal("a", "1") is None
    assert not waiting.let_in("c", "1", 100, {})
    assert "on this server" in waiting.refusal("c", "1")
    waiting.has_come(first)
    assert not waiting.let_in("c", "1", 100, {"a": 60})
    assert waiting.let_in("c", "1", 60, {})
    assert waiting.refusal("c", "1") is None


def test_who_announces_much_and_sends_little_keeps_out_nobody_else():
    waiting = Waiting(LIMITS)
    drips = [waiting.let_in(f"drip {number}", "1", 100, {}) for number in range(50)]
    assert all(waiting.comes(drip, 1, {}) for drip in drips[:40])
    other = waiting.let_in("a", "1", 100, {})
    assert other
    assert waiting.comes(other, 80, {})


def test_a_file_that_comes_when_others_have_filled_the_room_gives_up_its_own():
    waiting = Waiting(LIMITS)
    first, second = (waiting.let_in(session, "1", 100, {}) for session in "ab")
    assert waiting.comes(first, 80, {})
    assert not waiting.comes(second, 80, {})
    assert "on this server" in waiting.refusal("b", "1")
    assert not waiting.comes(second, 1, {})  # a part of a file is none
    assert waiting.comes(first, 20, {})
    assert waiting.refusal("a", "1") is None


def test_a_file_that_is_longer_than_announced_stays_in_its_sessions_room():
    waiting = Waiting(LIMITS)
    file = waiting.let_in("a", "1", 10, {})
    assert waiting.comes(file, 90, {})
    assert not waiting.let_in("a", "2", 20, {})
    assert not waiting.comes(file, 20, {})
    assert "in this session" in waiting.refusal("a", "1")


def body_that_arrives(monkeypatch, size, limit):
    """Return what Streamlit gets of an upload of `size` bytes in parts."""
    waiting = Waiting(Limits(uploads=limit, all_uploads=limit))
    monkeypatch.setattr(uploads, "waiting", lambda: waiting)
    monkeypatch.setattr(uploads, "_waiting_bytes", dict)
    head = b'--x\r\nContent-Disposition: form-data; filename="a.png"\r\n\r\n'
    body = head + bytes(size) + b"\r\n--x--\r\n"
    parts = [body[place : place + 50] for place in range(0, len(body), 50)]
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    got = []

    async def receive():
        return messages.pop(0)

    async def app(scope, receive, send):
        more = True
        while more:
            message = await receive()
            got.append(message["body"])
            more = message["more_body"]

    scope = {
        "type": "http",
        "method": "PUT",
        "path": "/_stcore/upload_file/session/file",
        "headers": [
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"multipart/form-data; boundary=x"),
        ],
    }
    asyncio.run(UploadRoom(app)(scope, receive, None))
    assert not messages
    return b"".join(got), body, waiting.refusal("session", "file")


def test_an_upload_arrives_whole_while_there_is_room(monkeypatch):
    got, body, refusal = body_that_arrives(monkeypatch, 500, 10_000)
    assert got == body
    assert refusal is None


def test_an_upload_without_room_arrives_empty_with_its_name(monkeypatch):
    got, _, refusal = body_that_arrives(monkeypatch, 5000, 1000)
    assert got == b'--x\r\nContent-Disposition: form-data; filename="a.png"\r\n\r\n\r\n--x--\r\n'
    assert "no room" in refusal


@pytest.mark.parametrize(("quarters", "negative"), [(0, False), (1, False), (0, True), (3, True)])
def test_a_film_that_let_its_pixels_go_comes_back_as_it_was_shown(monkeypatch, quarters, negative):
    holding = Holding(Limits())
    monkeypatch.setattr(film_module, "holding", lambda: holding)
    data = knee_png(2, seed=1)
    came = read_radiograph(data, "film.png")
    found = Found((Knee(Frame.whole(came), 1.0),), (NEGATIVE,) if negative else (), quarters)
    film = Film.received(data, came, found, "a")
    if quarters:
        turned = turned_right(film.radiograph, quarters)
        film.quarters = quarters
        film.show(turned, Found(found.knees, ()))
    before, feed = film.radiograph, film.feed
    film.let_go()
    after = film.radiograph
    assert after is not before
    assert (after.pixels == before.pixels).all()
    assert after.spacing == before.spacing
    assert film.feed == feed
    assert film.shape == after.pixels.shape
    assert holding.taken("a") == len(data) + after.pixels.nbytes + len(feed.pixels)


def test_films_of_folders_are_kept_while_there_is_room_whatever_their_size():
    decoded = []

    def decode(data, name):
        decoded.append(name)
        return read_radiograph(data, name)

    first, second = knee_png(0, seed=1), knee_png(3, seed=2)
    size = read_radiograph(first, "a").pixels.nbytes
    recent = RecentFilms(2 * size, decode)
    assert [recent.read(name, first).name for name in ("a.png", "b.png")] == ["a.png", "b.png"]
    recent.read("c.png", second)
    recent.read("a.png", first)
    assert decoded == ["a.png", "c.png"]
    recent.read("d.png", knee_png(1, seed=5))
    assert recent.taken() == 2 * size
    recent.read("a.png", first)
    recent.read("c.png", second)
    assert decoded == ["a.png", "c.png", "d.png", "c.png"]
    small = RecentFilms(size - 1, decode)
    assert all(small.read("a.png", data).pixels.size for data in (first, second))
    assert small.taken() == size


def test_limits_come_from_the_environment():
    assert limits_from({}) == Limits()
    assert limits_from({"KNEEOA_SERVER_MB": "2.5"}).all_films == 2_500_000
    with pytest.raises(ConfigError, match="KNEEOA_SESSION_MB"):
        limits_from({"KNEEOA_SESSION_MB": "much"})


def test_the_page_says_that_there_is_no_room_and_keeps_the_films_that_are_there(monkeypatch):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.file_uploader[0].set_value([("first.png", knee_png(0, seed=1), "image/png")]).run()
    (film,) = app.session_state["films"].values()
    film.let_go()
    full = type("Full", (), {"refusal": lambda self, session, file: "No room for *this*."})()
    monkeypatch.setattr(uploads, "waiting", lambda: full)
    app.file_uploader[0].set_value([("second.png", knee_png(3, seed=2), "image/png")]).run()
    assert not app.exception
    (said,) = [error.value for error in app.error if "second" in error.value]
    assert "was not read" in said
    assert r"\*this\*" in said
    assert [one.name for one in app.session_state["films"].values()] == ["first.png"]
    assert any("first.png" in block.body for block in app.get("html"))


def test_an_exam_without_room_says_so_and_not_that_it_is_damaged(monkeypatch):
    full = type("Full", (), {"refusal": lambda self, session, file: "No room for *this*."})()
    monkeypatch.setattr(uploads, "waiting", lambda: full)
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run().switch_page("practice/page.py")
    app.run()
    app.file_uploader(key="exam_file").set_value([("e.json", b"", "application/json")]).run()
    app.button(key="begin").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == [r"No room for \*this\*\."]


def test_films_to_learn_from_count_as_a_sessions(monkeypatch):
    some = 2 * work.A_FILM + 100
    holding = Holding(Limits(films=some, all_films=some + work.A_FILM))
    monkeypatch.setattr(work, "holding", lambda: holding)
    monkeypatch.setattr(session_films, "holder", lambda: "a")
    mine = work.room_for("County", 2, 100)
    assert holding.taken("a") == some
    with pytest.raises(FullError, match="These 1 take 0 MB, more than this session"):
        work.room_for("County", 1, 0)
    monkeypatch.setattr(session_films, "holder", lambda: "b")
    with pytest.raises(FullError, match="choose fewer"):
        work.room_for("County", 2, 0)
    del mine
    work.room_for("County", 2, 100)


def test_so_many_films_are_worked_on_at_once_and_others_wait(monkeypatch):
    going, most, lock, all_in = 0, 0, threading.Lock(), threading.Event()

    def work():
        nonlocal going, most
        with working.at_work(), working.at_work():
            with lock:
                going += 1
                most = max(most, going)
            all_in.wait(0.05)
            with lock:
                going -= 1

    threads = [threading.Thread(target=work) for _ in range(3 * working.AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == working.AT_ONCE


def test_who_waits_for_too_long_is_told(monkeypatch):
    class Impatient:
        settings = SimpleNamespace(patience=0.01)

    monkeypatch.setattr(working, "workers", Impatient)
    monkeypatch.setattr(working, "_places", threading.Semaphore(0))
    with pytest.raises(FullError, match="other readers' films"), working.at_work():
        pass


def test_free_memory_is_given_back_where_the_c_library_can():
    assert allocator.settle() == (platform.libc_ver()[0] == "glibc")
