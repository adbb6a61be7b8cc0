"""The film viewer: Cornerstone3D inside a Streamlit component.

`src` is built into ``pages/static/film-viewer.js`` by ``make viewer``, which needs node; running
the dashboard does not.
"""
