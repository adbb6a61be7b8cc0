"""The practice page without a browser: opened, a session begun, keys pressed, what it says."""

from unittest.mock import patch

from pages.shared import exam_choice
from tests.support import opening
from tests.support.teaching_pages import keyed

SEED = 7
"""Of sessions for which none is given: the films of one are drawn, read and graded once."""


def opened(**query):
    return opening.opened("practice", **query)


def begin(app, **settings):
    """Begin a session of ten films, with other settings by their widget's key."""
    for key, value in {"count": 10, **settings}.items():
        widgets = [one for one in app.button_group if one.key == key]
        widgets = widgets or [one for one in app.number_input if one.key == key]
        widgets[0].set_value(value)
    app.run()
    with patch.object(exam_choice, "new_seed", lambda given: SEED if given is None else given):
        return press(app, "begin")


def press(app, *keys):
    for key in keys:
        keyed(app.button, key).click().run()
        assert not app.exception
    return app


def text(app):
    assert not app.exception
    blocks = [*app.title, *app.markdown, *app.info, *app.success, *app.warning, *app.caption]
    return " ".join(str(block.value) for block in blocks)
