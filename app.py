"""The dashboard: page config and navigation, nothing else. Run with ``streamlit run app.py``.

The pages lie in ``views``. A file of a folder named ``pages`` would be opened by Streamlit itself,
without this navigation, when a new server is first asked for a page other than the start.
"""

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
        st.Page("views/reading.py", title="Read a film", default=True),
        st.Page("views/atlas.py", title="Atlas", url_path="atlas"),
        st.Page("views/practice.py", title="Practice", url_path="practice"),
        st.Page("views/join.py", title="Join", url_path="join"),
        st.Page("views/teacher.py", title="Teach", url_path="teach"),
        st.Page("views/runs.py", title="Runs", url_path="runs"),
        st.Page("views/results.py", title="Results", url_path="results"),
        st.Page("views/confusion.py", title="Confusion", url_path="confusion"),
        st.Page("views/data.py", title="Data", url_path="data"),
        st.Page("views/robustness.py", title="Robustness", url_path="robustness"),
        st.Page("views/about.py", title="About", url_path="about"),
    ],
    position="top",
).run()
