"""What the About page says of the gate, from the localiser's card."""

from kneeoa.graders.locating.localiser import Localiser


def test_it_says_what_becomes_of_spoilt_knees(app):
    app.switch_page("about/page.py").run()
    assert not app.exception
    text = " ".join(block.value for block in app.markdown).replace("\\", "")
    for measured in Localiser().card["metrics"]["spoilt"].values():
        for counts in map(list, (each.values() for each in measured.values())):
            pictures = sum(each["pictures"] for each in counts)
            assert f"{sum(each['refused'] for each in counts) / pictures:.0%}" in text
            assert f"f {pictures}" in text
