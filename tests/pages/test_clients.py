"""Who asks: addresses, and what a proxy says of them."""

from types import SimpleNamespace

import pytest

from kneeoa.errors import ConfigError
from kneeoa.teaching import keys
from pages.shared import clients


@pytest.fixture
def asked(monkeypatch):
    """Set what Streamlit knows of the browser."""

    def set_to(address, trusted=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        context = SimpleNamespace(ip_address=address, headers=named)
        monkeypatch.setattr(clients.st, "context", context)
        if trusted is None:
            monkeypatch.delenv(clients.TRUSTED, raising=False)
        else:
            monkeypatch.setenv(clients.TRUSTED, trusted)
        return clients.client()

    return set_to


def test_a_browser_is_known_by_its_address(asked):
    assert asked("192.168.1.7") == "192.168.1.7"
    assert asked(None) == clients.HERE


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "127.0.1.1:8501", "[::1]:8501"])
def test_a_browser_of_this_machine_asked_it_by_its_own_name(asked, host):
    assert asked(None, host=host, origin=f"http://{host}") == clients.HERE


@pytest.mark.parametrize(
    "told",
    [
        {"host": "knees.example"},
        {"host": "192.168.1.20:8501"},
        # The proxy says its own name for the server; the browser tells the one that it asked.
        {"host": "127.0.0.1:8501", "origin": "https://knees.example"},
        {"host": "localhost", "origin": "null"},
        {"host": "localhost.example"},
        {"host": "[x"},
        # No browser: it names the page that opens the web socket.
        {"host": "127.0.0.1:8501"},
        {"origin": "http://localhost"},
    ],
)
def test_who_comes_through_a_proxy_of_this_machine_that_says_nothing_is_not_on_it(asked, told):
    assert asked(None, **told) == clients.BEHIND_A_PROXY
    assert asked(None, "127.0.0.1", **told) == clients.BEHIND_A_PROXY


def test_what_nobody_vouches_for_is_one_client_whatever_it_claims(asked):
    for claimed in ("10.0.0.1", "10.0.0.2", "", "127.0.0.1"):
        for trusted in (None, "", " ", "*"):
            assert asked("203.0.113.9", trusted, x_forwarded_for=claimed) == clients.BEHIND_A_PROXY


def test_the_address_that_a_named_proxy_forwards_counts(asked):
    # Uvicorn has put it there: it believes the proxies of that setting alone.
    assert asked("203.0.113.9", "10.0.0.1", x_forwarded_for="203.0.113.9") == "203.0.113.9"


def test_one_machine_has_one_name_in_ipv6(asked):
    names = {asked(f"2001:db8:1:2::{number:x}") for number in range(1, 50)}
    assert names == {"2001:db8:1:2::/64"}
    assert asked("2001:db8:1:3::1") not in names
    assert asked("::ffff:192.168.1.7") == asked("192.168.1.7")


def test_what_is_no_address_is_one_client(asked):
    assert {asked(text) for text in ("", "x" * 500, "1.2.3.4; DROP", "\n")} <= {
        clients.UNKNOWN,
        clients.HERE,
    }


def test_a_mark_tells_clients_apart_and_says_nothing_of_them(asked):
    asked("192.168.1.7")
    first = clients.mark()
    assert first == clients.mark()
    assert "192" not in first
    asked("192.168.1.8")
    assert clients.mark() != first
    assert len(first) == 32


@pytest.mark.parametrize(("setting", "places"), [("90", 90), ("", 60)])
def test_the_owner_says_how_many_places_a_client_has(monkeypatch, setting, places):
    monkeypatch.setenv(keys.PLACES, setting)
    assert clients.places(60) == places


@pytest.mark.parametrize("setting", ["many", "-1", "٣", "0", "100000"])
def test_what_is_no_number_of_places_is_refused(setting):
    with pytest.raises(ConfigError, match="Expected a whole number from 1 to 99999"):
        keys.places_in({keys.PLACES: setting}, 60)
