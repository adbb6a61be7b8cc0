"""The way into a group session: the address and its QR code."""

import xml.etree.ElementTree as ET

import pytest

from kneeoa.teaching import invite


@pytest.mark.parametrize(
    ("here", "address"),
    [
        ("http://10.0.0.5:8501/teacher", "http://10.0.0.5:8501/join?code=AB23CD"),
        ("http://10.0.0.5:8501", "http://10.0.0.5:8501/join?code=AB23CD"),
        ("https://knee.example/room/teacher?x=1", "https://knee.example/room/join?code=AB23CD"),
    ],
)
def test_the_address_leads_to_the_join_page(here, address):
    assert invite.join_address(here, "AB23CD") == address


def test_an_address_that_others_cannot_open_is_known():
    assert invite.is_own_machine("http://localhost:8501/teacher")
    assert invite.is_own_machine("http://[::1]:8501/")
    assert not invite.is_own_machine("http://192.168.1.7:8501/teacher")


def test_the_code_is_a_picture_of_the_side_asked_for():
    picture = ET.fromstring(invite.qr_svg("http://10.0.0.5:8501/join?code=AB23CD", side=240))
    assert picture.tag.endswith("svg")
    assert float(picture.get("width")) == pytest.approx(240, abs=1)
    other = invite.qr_svg("http://10.0.0.5:8501/join?code=AB23CE", side=240)
    assert other != ET.tostring(picture).decode()
