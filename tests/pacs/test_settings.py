"""What the owner configures: read, refused by name, and nothing of a secret said."""

import json

import pytest

from kneeoa.errors import ConfigError
from kneeoa.pacs.configured import pacs_from
from kneeoa.pacs.settings import Pacs, Secret

WHOLE = """
[servers.archive]
url = "https://pacs.example:8443/dicom-web/"
user = "reader"
password_file = "{password}"
authority = "{password}"
answer_seconds = 10
sends = false

[servers.other]
url = "http://192.168.1.5/dicom-web"
unencrypted = true
token_env = "OTHER_TOKEN"

[receiver]
ae_title = "KNEES"
address = "0.0.0.0"
port = 104
callers = ["XRAY1", "XRAY2"]
folder = "/srv/films"
most_films = 30
most_mb = 400
"""


def configured(tmp_path, text, name="pacs.toml"):
    file = tmp_path / name
    file.write_text(text, "utf-8")
    return pacs_from({"KNEEOA_PACS": str(file)})


def test_nothing_is_configured_by_itself():
    assert pacs_from({}) == Pacs()
    assert not pacs_from({}).is_there
    with pytest.raises(ConfigError, match="None is configured"):
        pacs_from({}).server()


def test_a_file_says_all_of_it(tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    pacs = configured(tmp_path, WHOLE.format(password=tmp_path / "password"))
    first, other = pacs.servers
    assert (first.url, first.host) == ("https://pacs.example:8443/dicom-web", "pacs.example:8443")
    assert (first.password.read(), first.sends, first.answer_seconds) == ("s3cret", False, 10)
    assert other.token.read({"OTHER_TOKEN": "t0ken"}) == "t0ken"
    assert pacs.server() == first
    assert pacs.server("other") == other
    receiver = pacs.receiver
    assert (receiver.ae_title, receiver.port, receiver.callers) == (
        "KNEES",
        104,
        ("XRAY1", "XRAY2"),
    )
    assert (receiver.most_films, receiver.most_bytes) == (30, 400_000_000)
    assert "s3cret" not in repr(pacs)
    with pytest.raises(ConfigError, match="archives archive, other"):
        pacs.server("third")


def test_json_and_variables_do_as_well(tmp_path):
    content = {"servers": {"archive": {"url": "http://localhost:8042/dicom-web"}}}
    (server,) = configured(tmp_path, json.dumps(content), "pacs.json").servers
    variables = {
        "KNEEOA_PACS_URL": server.url,
        "KNEEOA_PACS_USER": "me",
        "KNEEOA_PACS_PASSWORD": "s3cret",
        "KNEEOA_RECEIVER_PORT": "11112",
        "KNEEOA_RECEIVER_FOLDER": str(tmp_path),
    }
    pacs = pacs_from(variables)
    assert pacs.server().password.read(variables) == "s3cret"
    assert (pacs.receiver.address, pacs.receiver.folder) == ("127.0.0.1", str(tmp_path))
    assert "s3cret" not in repr(pacs)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("servers = 3", "a table called servers"),
        ("[servers.a]", "Expected url"),
        ('[servers.a]\nurl = "ftp://s3cret/x"', "Expected url"),
        ('[servers.a]\nurl = "https://me:s3cret@host/x"', "without user, password"),
        ('[servers.a]\nurl = "https://host:s3cret/x"', "Expected url"),
        ('[servers.a]\nurl = "http://host/x"', "Expected https://"),
        ('[servers.a]\nurl = "https://h/x"\npassword = "s3cret"', "does not belong"),
        ('[servers.a]\nurl = "https://h/x"\nuser = "me"', "user with password_file"),
        ('[servers.a]\nurl = "https://h/x"\ntoken_env = "A"\ntoken_file = "s3cret"', "Found both"),
        ('[servers.a]\nurl = "https://h/x"\npasword_file = "s3cret"', "Found 1 more"),
        ('[servers.a]\nurl = "https://h/x"\nverify = "s3cret"', "true or false as verify"),
        ('[servers.a]\nurl = "https://h/x"\nanswer_seconds = 0', "from 0.1 to 600"),
        ('[servers.a]\nurl = "https://h/x"\nauthority = "/none.pem"', "no such file"),
        ("[receiver]\nport = 70000", "from 0 to 65535"),
        ("[receiver]\nport = 11112.9", "a whole number as port"),
        ('[receiver]\naddress = "s3cret.example"', "network address"),
        ('[receiver]\nae_title = "MUCH TOO LONG A TITLE"', "1 to 16"),
        ("[receiver]\nin_dashboard = false", "Expected a folder"),
        ("[receivers]", "Found 1 more"),
        ("s3cret", "is neither"),
    ],
)
def test_what_cannot_work_is_said_and_no_secret(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said) as problem:
        configured(tmp_path, text)
    assert "s3cret" not in str(problem.value)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"KNEEOA_RECEIVER_PORT": "11112", "KNEEOA_RECEIVER_CALLERS": "s3cret"},
            "R_CALLERS: check",
        ),
        ({"KNEEOA_RECEIVER_PORT": "11112", "KNEEOA_RECEIVER_FOLDR": "s3cret"}, "R_FOLDR: check"),
        ({"KNEEOA_PACS_URL": "https://h/x", "KNEEOA_PACS_USERNAME": "s3cret"}, "S_USERNAME: check"),
        ({"KNEEOA_PACS_PASSWORD": "s3cret"}, "KNEEOA_PACS_URL beside KNEEOA_PACS_PASSWORD"),
        ({"KNEEOA_RECEIVER_FOLDER": "s3cret"}, "_PORT beside KNEEOA_RECEIVER_FOLDER"),
        ({"KNEEOA_RECEIVER_PORT": "11112.9"}, "number from 0"),
    ],
)
def test_a_variable_that_would_be_passed_over_is_refused(variables, said):
    with pytest.raises(ConfigError, match=said) as problem:
        pacs_from(variables)
    assert "s3cret" not in str(problem.value)


def test_beside_a_file_no_variable_counts_but_those_that_it_names(tmp_path):
    file = tmp_path / "pacs.toml"
    file.write_text('[servers.a]\nurl = "https://h/x"\ntoken_env = "KNEEOA_PACS_TOKEN"\n')
    variables = {"KNEEOA_PACS": str(file), "KNEEOA_PACS_TOKEN": "t0ken"}
    assert pacs_from(variables).server().token.read(variables) == "t0ken"
    with pytest.raises(ConfigError, match="KNEEOA_RECEIVER_PORT, beside it, would count for"):
        pacs_from(variables | {"KNEEOA_RECEIVER_PORT": "11112"})


def test_a_folder_of_the_users_home_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    receiver = configured(tmp_path, '[receiver]\nfolder = "~/inbox"\n').receiver
    assert receiver.folder == str(tmp_path / "inbox")


def test_an_archive_that_json_names_twice_is_refused(tmp_path):
    one = '"a": {"url": "https://h/x"}'
    with pytest.raises(ConfigError, match="One is there twice"):
        configured(tmp_path, f'{{"servers": {{{one}, {one}}}}}', "pacs.json")


def test_a_file_that_is_not_there_and_two_ways_at_once(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        pacs_from({"KNEEOA_PACS": str(tmp_path / "none.toml")})
    with pytest.raises(ConfigError, match="Both are set"):
        pacs_from({"KNEEOA_PACS": "a", "KNEEOA_PACS_URL": "b"})


def test_a_secret_that_is_not_there_is_said(tmp_path):
    for secret in (Secret(variable="NONE"), Secret(file=str(tmp_path / "none"))):
        with pytest.raises(ConfigError, match="There is none"):
            secret.read({})
    (tmp_path / "two").write_text("s3cret\nsecond")
    with pytest.raises(ConfigError) as problem:
        Secret(file=str(tmp_path / "two")).read()
    assert "s3cret" not in str(problem.value)


CLASSIC = """
[servers.old]
host = "127.0.0.1"
port = 4242
ae_title = "PACS"
"""


def test_an_archive_without_dicomweb_takes_reports_alone(tmp_path):
    pacs = configured(tmp_path, CLASSIC)
    (station,) = pacs.stations
    assert (station.host, station.port) == ("127.0.0.1", 4242)
    assert (station.ae_title, station.own_title) == ("PACS", "KNEEOA")
    assert pacs.takers == (station,)
    assert pacs.taker() == pacs.taker("old") == station
    assert (pacs.is_there, pacs.servers) == (True, ())
    with pytest.raises(ConfigError, match="old takes reports alone"):
        pacs.server("old")
    both = configured(tmp_path, CLASSIC + '[servers.web]\nurl = "https://pacs.example/web"\n')
    assert [taker.name for taker in both.takers] == ["web", "old"]
    assert both.server() == both.servers[0]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("127.0.0.1", "10.0.0.7", "unencrypted = true"),
        ("127.0.0.1", "http://pacs/", "host's name or address"),
        ("PACS", "A TITLE THAT IS TOO LONG", "titles"),
        ("4242", "0", "number from 1"),
        ("ae_title", "title", "1 to 16 plain letters"),
        ('host = "127', 'user = "me"\nhost = "127', "nothing but"),
    ],
)
def test_what_cannot_work_for_c_store_is_refused(tmp_path, before, after, said):
    with pytest.raises(ConfigError, match=said):
        configured(tmp_path, CLASSIC.replace(before, after))
    assert configured(
        tmp_path, CLASSIC.replace("127.0.0.1", "10.0.0.7") + "unencrypted = true\n"
    ).takers
