"""What the About page says of the gate, from the localiser's card."""

from streamlit.testing.v1 import AppTest

from kneeoa.graders.locating.localiser import Localiser
from tests.support.places import MAIN_SCRIPT


def test_it_says_what_becomes_of_spoilt_knees():
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.switch_page("about/page.py").run()
    assert not app.exception
    text = " ".join(block.value for block in app.markdown).replace("\\", "")
    metrics = Localiser().card["metrics"]
    assert "of a negative the positive is graded" in text  # it is none of what is refused
    assert "films are pushed into a folder" in text
    parts = metrics["parts_of_not_knees_held_out"]
    assert f"Of {parts['pictures']:,} close-ups" in text
    assert f"refuses {parts['refused'] / parts['pictures']:.0%}" in text
    for measured in metrics["spoilt"].values():
        for counts in map(list, (each.values() for each in measured.values())):
            pictures = sum(each["pictures"] for each in counts)
            assert f"{sum(each['refused'] for each in counts) / pictures:.0%}" in text
            assert f"f {pictures:,}" in text
