"""What the tables that are led by keys are told, on a page that runs without a browser."""

import json


def tables(app) -> list[dict]:
    """Return the data of each such table on the page."""
    mounted = [one.proto for one in app.get("bidi_component")]
    return [json.loads(one.json) for one in mounted if one.component_name == "rows"]
