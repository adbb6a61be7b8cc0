"""Archives that are dead, slow or lie: each gets a sentence, in time, and holds up nothing."""

import gzip
import logging
import threading
import time

import pytest

from kneeoa.pacs import web as web_module
from kneeoa.pacs.bounded.multipart import written
from kneeoa.pacs.problems import (
    LostError,
    NotThereError,
    PacsError,
    RefusedError,
    for_status,
)
from kneeoa.pacs.query import Place, Search
from kneeoa.pacs.settings import Secret
from kneeoa.pacs.web import Web
from tests.support.archive import (
    INSTANCE,
    PATIENT,
    SERIES,
    STUDY,
    endless,
    film,
    lying,
    running_archive,
    said,
    server_at,
)
from tests.support.ports import nobodys_port

SEARCH = Search(patient_id=PATIENT)
PLACE = Place(STUDY, SERIES, INSTANCE, "", PATIENT)
JSON = "application/dicom+json"
CHUNKED = "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 9000\r\n\r\n"
LITTLE = {"connect_seconds": 0.5, "answer_seconds": 0.5, "transfer_seconds": 0.5}
LATE = "within 0.5 seconds"
"""What is said when the time is up; an answer that never ends proves it by having this said."""


def chunk(content):
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def refusal(answer, ask, expected=""):
    """Return what is said of a server that answers so; with little time if `LATE` is expected."""
    limits = LITTLE if expected == LATE else {}
    with lying(answer) as url, pytest.raises(PacsError) as problem:
        ask(Web(server_at(url, **limits)))
    text = str(problem.value)
    assert PATIENT not in text
    assert STUDY not in text
    assert problem.value.__suppress_context__ or problem.value.__context__ is None
    return text


def find(web):
    return web.find(SEARCH)


def fetch(web):
    return web.film(PLACE, most=100_000)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda _: time.sleep(30), LATE),
        (lambda _: None, "hung up"),
        (endless("HTTP/1.1 200 O", b"K", pause=0.05), LATE),
        (endless("HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE),
        (endless(LONG.format(kind=JSON), b" ", pause=0.05), LATE),
        (endless(CHUNKED.format(kind=JSON), chunk(b" "), pause=0.05), LATE),
        (endless(CHUNKED.format(kind=JSON), chunk(b" " * 500_000)), "at most 1 MB"),
        (said(b"", JSON, length=10**12), "at most 1 MB"),
        (
            said(gzip.compress(b" " * 10**8, 1), JSON, more="Content-Encoding: gzip\r\n"),
            "at most 1 MB",
        ),
        (said(b"<html>Log in</html>", "text/html"), "a web page"),
        (said(b"<html>Log in</html>", JSON), "cannot be read"),
        (said(b"[1, 2", JSON), "cannot be read"),
        (said(b"[" * 200_000, JSON), "cannot be read"),
        (said(b"[]", JSON, length=500), "broke off"),
        (said(b"[]", "image/jpeg"), "Received image/jpeg"),
        (said(b"", "text/plain", status="401 Unauthorized"), "refuses the log-in"),
        (said(b"", "text/plain", status="403 Forbidden"), "does not allow"),
        (said(b"", "text/plain", status="404 Not Found"), "nothing under this address"),
        (said(b"", "text/plain", status="500 Oh"), "fails (500)"),
        (lambda connection: connection.sendall(b"220 mail ready\r\n"), "url in the settings"),
    ],
)
def test_a_query_of_a_server_that_lies(answer, expected, monkeypatch):
    monkeypatch.setattr(web_module, "_MOST_JSON", 1_000_000)
    assert expected in refusal(answer, find, expected)


@pytest.mark.parametrize("body", [b"{}", b"[1, null]", b'"text"', b"[[]]", b"", b"null"])
def test_answers_of_another_form_are_no_films(body):
    with lying(said(body, JSON)) as url:
        assert Web(server_at(url)).find(SEARCH).series == ()


def in_parts(*contents, end=b"--\r\n"):
    body = b"".join(
        b"--B\r\nContent-Type: application/dicom\r\n\r\n" + c + b"\r\n" for c in contents
    )
    return said(body + b"--B" + end, "multipart/related; boundary=B")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (in_parts(b"<html>Sorry</html>"), "no DICOM file"),
        (in_parts(b""), "no DICOM file"),
        (in_parts(film("1.2.3.9")), "another one"),
        (in_parts(film(PatientID="SOMEBODY")), "another one"),
        (in_parts(film(series="1.2.9")), "another one"),
        (in_parts(film(), film()), "Received 2"),
        (in_parts(), "Received 0"),
        (in_parts(film(), end=b""), "cannot be read"),
        (said(film(), "multipart/related"), "cannot be read"),
        (said(film(), "application/octet-stream"), "application/octet-stream"),
        (said(b"<html></html>", "text/html"), "a web page"),
        (
            endless(
                CHUNKED.format(kind="multipart/related; boundary=B"),
                chunk(b"--B\r\nContent-Type: application/dicom\r\n\r\n\r\n" * 1000),
            ),
            "at most 0.1 MB",
        ),
        (
            endless(CHUNKED.format(kind="multipart/related; boundary=B"), chunk(b"x"), pause=0.05),
            "within 0.5 seconds",
        ),
        (said(b"", "multipart/related; boundary=B", length=10**10), "at most 0.1 MB"),
    ],
)
def test_a_film_of_a_server_that_lies(answer, expected):
    assert expected in refusal(answer, fetch, expected)


def test_an_object_that_belies_its_own_head_is_not_taken():
    # What the file says it is, is right; what is in it is another's.
    data = film(SOPInstanceUID="1.2.3.77")
    data = data.replace(b"1.2.3.77", b"1.2.3.99") if b"1.2.3.77" in data[:300] else data
    with pytest.raises(LostError, match="another one"):
        Web(server_at("http://127.0.0.1:1"))._expect(PLACE, data)


def test_nobody_is_there():
    with nobodys_port() as port, pytest.raises(LostError, match="Nobody answers there"):
        find(Web(server_at(f"http://127.0.0.1:{port}/dicom-web")))


def test_a_name_that_nobody_knows():
    with pytest.raises(LostError, match="not known in this network"):
        find(Web(server_at("http://no-such-archive.invalid/dicom-web")))


@pytest.mark.parametrize("ask", [find, fetch])
def test_nothing_goes_to_where_an_answer_points(ask):
    seen = []
    with lying(seen.append) as elsewhere:
        for status in ("301 Moved", "302 Found", "307 Go", "308 Go"):
            moved = said(b"", JSON, status=status, more=f"Location: {elsewhere}/studies\r\n")
            assert "another address" in refusal(moved, ask)
    assert seen == []


def test_proxies_and_log_ins_of_the_machine_take_no_part(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    heads = []
    with running_archive(film()) as archive:
        assert len(find(Web(archive.server())).series) == 1
        handler = archive.RequestHandlerClass

        class Listening(handler):
            def do_GET(self):
                heads.append(dict(self.headers))
                super().do_GET()

        archive.RequestHandlerClass = Listening
        find(Web(archive.server()))
    assert heads
    assert not any("Authorization" in head for head in heads)


def test_a_password_is_sent_and_never_said(monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ARCHIVE_PASSWORD", "s3cret-pässword")
    heads = []
    with running_archive(film()) as archive:
        handler = archive.RequestHandlerClass

        class Listening(handler):
            def do_GET(self):
                heads.append(self.headers["Authorization"])
                super().do_GET()

        archive.RequestHandlerClass = Listening
        server = archive.server(user="me", password=Secret(variable="ARCHIVE_PASSWORD"))
        find(Web(server))
        monkeypatch.setenv("ARCHIVE_PASSWORD", "")
        with pytest.raises(Exception, match="ARCHIVE_PASSWORD") as problem:
            find(Web(server))
    assert set(heads) == {"Basic bWU6czNjcmV0LXDDpHNzd29yZA=="}
    out = capfd.readouterr()
    for text in (repr(server), str(problem.value), caplog.text, out.out, out.err):
        assert "s3cret" not in text
        assert PATIENT not in text


def test_no_thread_is_left(monkeypatch):
    before = threading.active_count()
    for answer in (
        lambda _: time.sleep(2),
        endless(LONG.format(kind=JSON), b" ", pause=0.05),
    ):
        refusal(answer, find, LATE)
    last = time.monotonic() + 60
    while threading.active_count() > before and time.monotonic() < last:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_report_to_a_server_that_does_not_read_it_ends_in_time():
    def do_not_read(connection):
        time.sleep(30)

    data = film(ImageComments="x" * 10_000) + b"\0" * 20_000_000
    assert LATE in refusal(do_not_read, lambda web: web.store(data), LATE)


def test_films_are_found_and_fetched_as_they_are():
    data = film()
    with running_archive(
        data, film("1.2.3.5", study="1.2.5", series="1.2.5.1", PatientID="ANOTHER")
    ) as archive:
        web = Web(archive.server())
        found = web.find(SEARCH)
        (series,) = found.series
        assert (series.patient_id, series.patient_name) == (PATIENT, "SECRET, PATIENT")
        assert (series.knee, series.modality, str(series.day)) == ("yes", "DX", "2026-01-02")
        (came,) = web.films(found.series)
        assert came.data == data
        assert written(data)[0].count(data) == 1


def test_a_film_that_cannot_be_had_holds_up_no_other():
    other = film("1.2.3.1.1.2")
    with running_archive(film(), other) as archive:
        web = Web(archive.server())
        (series,) = web.find(SEARCH).series
        places = web.places(series)
        archive.films[INSTANCE] = film("1.2.3.99")
        web.places = lambda _: places
        came = list(web.films([series]))
    assert [bool(one.data) for one in came].count(True) == 1
    assert sorted(one.why_not for one in came)[1].startswith("Expected the film that was asked")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((code, LostError) for code in (303, 408, 500, 502, 503)),
        *((code, NotThereError) for code in (301, 307, 401, 403, 404, 405, 429)),
        *((code, RefusedError) for code in (400, 406, 413, 415)),
    ],
)
def test_what_may_be_mended_is_tried_again_and_the_rest_waits_for_a_person(status, kind):
    assert type(for_status("archive", status)) is kind


def test_a_film_that_could_not_be_checked_is_not_shown(monkeypatch):
    from kneeoa.errors import RadiographError

    class Busy:
        def run(self, *_):
            raise RadiographError("All decoders are busy.")

    monkeypatch.setattr(web_module, "workers", Busy)
    with running_archive(film()) as archive, pytest.raises(LostError, match="decoders are busy"):
        Web(archive.server()).film(PLACE)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(b"", "text/plain", status="401 Unauthorized"), NotThereError),
        (said(b"", "text/plain", status="500 Oh"), LostError),
        (lambda _: None, LostError),
        (lambda _: time.sleep(30), LostError),
    ],
)
def test_a_report_may_be_there_once_it_began_to_be_sent_unless_the_log_in_fails(answer, kind):
    with lying(answer) as url, pytest.raises(LostError) as problem:
        Web(server_at(url, transfer_seconds=0.5)).store(film())
    assert type(problem.value) is kind


def test_a_report_is_not_where_nobody_was_reached():
    with nobodys_port() as port:
        for host in (f"127.0.0.1:{port}", "no-such-host.invalid"):
            with pytest.raises(NotThereError):
                Web(server_at(f"http://{host}/dicom-web")).store(film())
