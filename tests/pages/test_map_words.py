"""How strong a network's map is: said with the map, and not beside the network's probability."""

import re

from pages.reading.maps import NetworkMap
from tests.support.case_pages import started, upload
from tests.support.viewer import viewers


def titles(app):
    assert not app.exception
    return [pane["title"] for pane in viewers(app)[0]["panes"][1:]]


def test_how_strong_a_map_is_stands_on_the_map_alone():
    app = upload(started())
    for name, title in zip(("MobileNet", "ResNet50"), titles(app), strict=True):
        assert re.fullmatch(rf"{name}: (no|weak|moderate|strong) evidence for KL \d", title)
    lines = [expander.label for expander in app.expander]
    assert all(re.fullmatch(r"\w+ \*\*KL \d\*\* \d+%", line) for line in lines)
    app.segmented_control(key="explained").set_value(4).run()
    assert all(title.endswith(" evidence for KL 4") for title in titles(app))
    app.toggle(key="against_next").set_value(True).run()
    assert all(title.endswith(" evidence") for title in titles(app))


def test_a_map_of_which_there_is_no_word_has_its_name_alone():
    assert NetworkMap("MobileNet", None, note="Computing SmoothGrad").title == "MobileNet"
