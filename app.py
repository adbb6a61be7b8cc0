"""The dashboard: page config and navigation, nothing else. Run with ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parent

st.set_page_config(
    page_title="Knee reading room",
    page_icon=str(ROOT / "assets" / "icon.png"),
    layout="wide",
)
st.navigation(
    [
        st.Page("pages/reading.py", title="Read a film", default=True),
        st.Page("pages/about.py", title="About", url_path="about"),
    ],
    position="top",
).run()
