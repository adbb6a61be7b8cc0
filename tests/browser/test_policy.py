"""The server's policy in a real browser: every page lives under it, and no other page gets in."""

import http.client
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.menu import rooms, turn_to
from tests.support.places import ROOT
from tests.support.serving import running_app

SECONDS = 60_000
PAGES = sorted(file.parent.name for file in (ROOT / "pages").glob("*/page.py"))


@pytest.fixture(scope="module")
def app_url(tmp_path_factory):
    """The address of the app as a user runs it."""
    with running_app(tmp_path_factory.mktemp("app")) as running:
        yield running.url


def path_of(name):
    return "" if name == "reading" else name


def test_every_page_comes_with_the_policy(app_url):
    assert len(PAGES) >= 12
    connection = http.client.HTTPConnection(urlsplit(app_url).netloc, timeout=60)
    for name in PAGES:
        connection.request("GET", f"/{path_of(name)}")
        with connection.getresponse() as reply:
            assert reply.status == 200
            assert "frame-ancestors 'none'" in reply.headers["content-security-policy"], name
            reply.read()
    connection.close()


def test_every_page_lives_under_the_policy(app_url, page):
    # That nothing is refused and nothing leaves this machine says the fixture, at the end.
    assert sorted(name for room in rooms().values() for name in room) == PAGES
    page.goto(f"{app_url}/")
    for room, titles in rooms().items():
        for name, title in titles.items():
            turn_to(page, room, title)
            address = re.compile(re.escape(f"{app_url}/{path_of(name)}") + r"(\?.*)?$")
            expect(page).to_have_url(address, timeout=SECONDS)
            done = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
            expect(done).to_be_attached(timeout=SECONDS)
            expect(page.locator("[data-testid=stMain]")).to_contain_text(".", timeout=SECONDS)


@pytest.fixture
def elsewhere(app_url):
    """A page of another address that holds the dashboard in a frame."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<p>mine</p><iframe src="{app_url}/"></iframe>'.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_another_page_cannot_frame_the_dashboard(elsewhere, app_url, browser):
    # Not the fixture: here the policy is to be broken.
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(elsewhere)
        expect(page.get_by_text("mine")).to_be_visible()
        frame = page.frames[1]
        expect(frame.locator("#root")).to_have_count(0)
        assert not frame.url.startswith(app_url)


def test_another_page_reads_and_opens_nothing(elsewhere, app_url, browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(elsewhere)
        asked = """async url => {
            const seen = [];
            for (const path of ["/_stcore/host-config", "/app/static/film-viewer.js"])
                await fetch(url + path).then(r => seen.push(path), () => {});
            await new Promise(done => {
                const socket = new WebSocket(url.replace("http", "ws") + "/_stcore/stream");
                socket.onopen = () => { seen.push("socket"); done(); };
                socket.onerror = done;
            });
            return seen;
        }"""
        assert page.evaluate(asked, app_url) == []


def handshake(app_url, **headers):
    """Return the first line that comes back for the opening of a web socket."""
    place = urlsplit(app_url)
    asked = {
        "Host": place.netloc,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    } | headers
    lines = ["GET /_stcore/stream HTTP/1.1", *(f"{n}: {v}" for n, v in asked.items()), "", ""]
    with socket.create_connection((place.hostname, place.port), 60) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return connection.recv(200).split(b"\r\n")[0].decode()


def test_a_socket_is_opened_to_our_own_pages_alone(app_url):
    assert "101" in handshake(app_url, Origin=app_url)
    for foreign in ("https://evil.example", "null", "https://app.streamlit.app"):
        assert "403" in handshake(app_url, Origin=foreign)
    assert "403" in handshake(app_url, Host="evil.example", Origin="http://evil.example")


def test_what_the_server_holds_is_nobodys_business(app_url):
    connection = http.client.HTTPConnection(urlsplit(app_url).netloc, timeout=60)
    connection.request("GET", "/_stcore/metrics")
    assert connection.getresponse().status == 404
    connection.close()
