"""Settings from outside: each is known, and one that is mistyped is named."""

import re

import pytest

from kneeoa.__main__ import main
from kneeoa.environment import KNOWN, expect_bare, expect_known, unknown
from kneeoa.errors import ConfigError
from kneeoa.pacs.configured import pacs_from
from tests.support.places import ROOT

ELSEWHERE = re.compile(r"KNEEOA_(PACS_|RECEIVER|TEST)")


def names_in(*places):
    files = (file for place in places for file in sorted(ROOT.glob(place)))
    names = set().union(
        *(re.findall(r"KNEEOA_[A-Z_]+[A-Z](?![A-Z_])", f.read_text("utf-8")) for f in files)
    )
    return {name for name in names if not ELSEWHERE.match(name)}


def test_all_that_is_read_or_told_of_is_known_and_nothing_else():
    assert names_in("docs/settings.md") == KNOWN
    assert names_in("kneeoa/**/*.py", "pages/**/*.py", "train/**/*.py") <= KNOWN


def test_what_is_mistyped_is_named_with_what_there_is_and_without_its_value():
    (sentence,) = unknown({"KNEEOA_CASES_SECRT": "s3cret", "KNEEOA_MODELS": "x", "HOME": "y"})
    assert "KNEEOA_CASES_SECRT is no setting (did you mean KNEEOA_CASES_SECRET?)" in sentence
    assert "s3cret" not in sentence
    assert unknown({"KNEEOA_CASES_SECRT": "", "KNEEOA_PACS_PORT": "of another room"}) == []


def test_what_is_like_no_other_gets_no_hint():
    assert unknown({"KNEEOA_PORT": "80"}) == ["KNEEOA_PORT is no setting. It counts for nothing."]


def of_a_platform(service, port="80"):
    address = f"tcp://10.0.0.1:{port}"
    ports = ("PORT", f"PORT_{port}_TCP")
    return {f"{service}_SERVICE_HOST": "10.0.0.1", f"{service}_SERVICE_PORT_HTTP": port} | {
        f"{service}_SERVICE_PORT": port,
        f"{service}_PORT_{port}_TCP_ADDR": "10.0.0.1",
        **{f"{service}_{name}": address for name in ports},
    }


@pytest.mark.parametrize("service", ["KNEEOA", "KNEEOA_CASES", "KNEEOA_MY_PACS"])
def test_what_a_platform_of_containers_says_of_its_services_is_passed_over(service):
    given = of_a_platform(service)
    assert unknown(given) == []
    expect_known(given, service)
    mistyped = unknown(given | {f"{service}_PROT": "80"})
    assert [sentence.split()[0] for sentence in mistyped] == [f"{service}_PROT"]
    assert unknown({f"{service}_PORT_80_TCP": "tcp://10.0.0.1:80"}) != []  # of no service


def test_no_service_is_taken_for_an_archive_or_a_receiver_and_none_hides_one():
    given = of_a_platform("KNEEOA_PACS") | of_a_platform("KNEEOA_RECEIVER", "11112")
    assert pacs_from(given) == pacs_from({})
    assert pacs_from(given | {"KNEEOA_RECEIVER_PORT": "11112"}).receiver.port == 11112
    with pytest.raises(ConfigError, match="Found KNEEOA_PACS_PROT"):
        pacs_from(given | {"KNEEOA_PACS_PROT": "80"})


@pytest.mark.parametrize("arguments", [["pacs", "find"], ["--version"]])
def test_commands_name_it(monkeypatch, capsys, arguments):
    monkeypatch.setenv("KNEEOA_PSEUDONYM_KY", "s3cret")
    main(arguments)
    assert "KNEEOA_PSEUDONYM_KY is no setting" in capsys.readouterr().err


def test_quotes_that_were_copied_along_are_refused_and_not_quoted(monkeypatch, capsys):
    monkeypatch.setenv("KNEEOA_PSEUDONYM_KEY", '"correct horse battery"')
    assert main(["pacs", "find"]) == 2
    sentence = capsys.readouterr().err
    assert "Expected KNEEOA_PSEUDONYM_KEY without quotes around it." in sentence
    assert "horse" not in sentence
    expect_bare({"KNEEOA_PSEUDONYM_KEY": "it's", "KNEEOA_PACS_PASSWORD": '"really"', "HOME": "''"})
