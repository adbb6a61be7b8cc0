"""The dashboard. Run with ``streamlit run app.py``.

Streamlit opens the files of a folder ``pages`` by itself where that folder stands beside the main
script. The main script is therefore inside it.
"""

import streamlit as st
from starlette.middleware import Middleware

from pages.shared.memory.uploads import UploadRoom

app = st.App("pages/navigation.py", middleware=[Middleware(UploadRoom)])
