"""The dashboard. Run with ``streamlit run app.py``.

Streamlit opens the files of a folder ``pages`` by itself where that folder stands beside the main
script. The main script is therefore inside it.
"""

import sys

if __name__ == "__main__":
    sys.exit("The dashboard is opened by `make app`, or by `.venv/bin/streamlit run app.py`.")

import streamlit as st

from pages.doorway import MIDDLEWARE
from pages.lifespan import lifespan
from pages.settings import expect_settings

expect_settings()
app = st.App("pages/navigation.py", middleware=MIDDLEWARE, lifespan=lifespan)
