"""What the server answers to whom; no server runs."""

import asyncio
import tomllib

import pytest
import requests
from streamlit import config, net_util
from streamlit.proto.BackMsg_pb2 import BackMsg

from pages.doorway import HEADERS, MIDDLEWARE, POLICY, Doorway, allowed_scripts, is_own
from pages.shared.memory.uploads import UploadRoom
from tests.support.places import ROOT

HOST = "127.0.0.1:8501"
OWN = {"host": HOST, "origin": f"http://{HOST}"}


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """The project's own hosts, and a page of the hospital that may ask."""
    options = {
        "server.allowedHosts": ["127.0.0.1", "localhost"],
        "server.corsAllowedOrigins": ["https://pacs.example"],
    }
    before = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: options.get(name, before(name)))


def ask(path="/", *, kind="http", answered=(), **headers):
    """Return the status or code that comes back, its headers, and whether the app was asked."""
    asked, sent = [], []

    async def app(scope, receive, send):
        asked.append(scope["path"])
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": list(answered)})
            await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    named = {name.replace("_", "-"): value for name, value in ({"host": HOST} | headers).items()}
    raw = [(name.encode(), value.encode()) for name, value in named.items() if value is not None]
    scope = {"type": kind, "path": path, "headers": raw, "method": "GET"}
    asyncio.run(Doorway(app)(scope, receive, send))
    first = sent[0]
    given = {name.decode().lower(): value.decode() for name, value in first.get("headers", [])}
    return first.get("status") or first.get("code"), given, bool(asked)


@pytest.mark.parametrize("path", ["/", "/practice", "/app/static/film-viewer.js", "/none"])
def test_every_answer_has_the_headers(path):
    status, headers, _ = ask(path)
    assert status == 200
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value


def test_the_policy_lets_nothing_be_framed_evaluated_or_sent_elsewhere():
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["frame-ancestors"] == rules["default-src"] == rules["form-action"] == "'none'"
    assert rules["connect-src"] == "'self'"
    scripts = rules["script-src"]
    assert "unsafe" not in scripts
    assert "*" not in POLICY
    assert "http" not in POLICY


def test_a_script_is_allowed_by_the_bytes_that_a_browser_hashes():
    # From the specification, Content Security Policy Level 3, section 2.3.1, on `doSomething();`.
    assert allowed_scripts(["<p><script>doSomething();</script>"]) == (
        "'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc='"
    )
    assert allowed_scripts(["<script src='there'></script>"]) == ""


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "https://app.streamlit.app"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "http://localhost:8501"},
    {"origin": f"http://{HOST}.evil.example"},
    {"origin": f"http://me@{HOST}"},
    {"origin": f"http://{HOST}/path"},
    {"origin": f"file://{HOST}"},
    {"origin": "http://[::1"},
    {"origin": "https://pacs.example.evil.example"},
    {"host": "evil.example", "origin": "http://evil.example"},
    {"host": "evil.example"},
    {"host": None},
    {"sec_fetch_site": "cross-site", "sec_fetch_dest": "image"},
    {"sec_fetch_site": "same-site", "sec_fetch_dest": "script"},
    {"sec_fetch_site": "cross-site", "sec_fetch_dest": "iframe"},
    {"sec_fetch_site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_what_is_foreign_is_refused_before_streamlit_sees_it(headers):
    status, given, asked = ask("/_stcore/host-config", **headers)
    assert (status, asked) == (403, False)
    assert given["x-frame-options"] == "DENY"
    # Streamlit would ask an address service for what it is called.
    assert ask("/_stcore/stream", kind="websocket", **headers) == (1008, {}, False)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        OWN,
        {"host": "localhost", "origin": "http://localhost"},
        {"host": "LOCALHOST:80", "origin": "http://localhost"},
        {"host": "localhost", "origin": "https://localhost:443"},
        {"origin": "https://pacs.example"},
        {**OWN, "sec_fetch_site": "same-origin", "sec_fetch_dest": "empty"},
        {"sec_fetch_site": "none", "sec_fetch_dest": "document"},
        {"sec_fetch_site": "cross-site", "sec_fetch_dest": "document"},
    ],
)
def test_our_own_pages_and_links_to_here_are_answered(headers):
    assert ask("/", **headers)[::2] == (200, True)
    assert ask("/_stcore/stream", kind="websocket", **headers)[2]


def test_what_watches_a_server_may_know_it_by_its_bare_address():
    assert ask("/_stcore/health", host="10.0.0.7:8501")[0] == 200
    assert ask("/_stcore/health", host="10.0.0.7", origin="https://evil.example")[0] == 403


def test_the_server_tells_nobody_what_it_holds_in_memory():
    assert ask("/_stcore/metrics")[::2] == (404, False)
    assert ask("/reading/_stcore/metrics")[::2] == (404, False)


@pytest.mark.parametrize("route", ["interact", "mcp", "openapi.json", ""])
def test_pages_are_for_browsers(route):
    assert ask(f"/_stcore/agent/{route}")[::2] == (404, False)


def test_a_server_on_all_addresses_asks_nobody_for_its_own(monkeypatch):
    asked = []
    monkeypatch.setattr(requests, "get", lambda *where, **_: asked.append(where))
    assert net_util.get_external_ip() is None
    assert asked == []


def test_a_socket_hears_nothing_but_our_own_pages():
    heard = []

    async def app(scope, receive, send):
        heard.append(await receive())

    clear, wanted = BackMsg(clear_cache=True), BackMsg(stop_script=True)
    waiting = iter(
        {"type": "websocket.receive", "bytes": one.SerializeToString()} for one in (clear, wanted)
    )

    async def receive():
        return next(waiting)

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"host", HOST.encode())]}
    asyncio.run(Doorway(app)(scope, receive, None))
    assert [BackMsg.FromString(one["bytes"]).WhichOneof("type") for one in heard] == ["stop_script"]


def test_static_files_are_for_our_own_pages_alone():
    everyone = [(b"access-control-allow-origin", b"*"), (b"cache-control", b"public")]
    _, headers, _ = ask("/app/static/film-viewer.js", answered=everyone)
    assert "access-control-allow-origin" not in headers
    assert headers["cache-control"] == "public"


def test_films_are_not_left_on_a_browsers_disk():
    assert ask("/media/abc.png")[1]["cache-control"] == "no-store"
    assert "cache-control" not in ask("/app/static/film-viewer.js")[1]


def test_a_lifespan_goes_through():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(Doorway(app)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


def test_an_origin_is_compared_whole():
    assert is_own("http://[::1]:8501", "[::1]:8501")
    assert not is_own("http://[::1]:8501", "[::1]")


def test_the_app_has_the_doorway_and_no_host_that_may_steer_it():
    assert [one.cls for one in MIDDLEWARE] == [Doorway, UploadRoom]
    assert "middleware=MIDDLEWARE" in (ROOT / "app.py").read_text("utf-8")
    assert "allowedOrigins = []" in (ROOT / ".streamlit" / "config.toml").read_text("utf-8")


def test_what_a_browser_can_have_the_server_hold_is_little():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["server"]
    assert settings["maxWidgetStateSize"] <= 2
    assert settings["maxMessageSize"] <= 30
    known = config.get_config_options(force_reparse=False)
    assert {"server.maxWidgetStateSize", "server.maxMessageSize"} <= known.keys()
