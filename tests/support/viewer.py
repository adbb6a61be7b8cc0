"""What the film viewer is told on a page that runs without a browser."""

import json


def viewers(app) -> list[dict]:
    """Return the data of each viewer on the page, as its program in the browser gets them."""
    mounted = [one.proto for one in app.get("bidi_component")]
    return [json.loads(one.json) for one in mounted if one.component_name == "film_viewer"]
