"""Profiles to load: a ZIP that came by mail, or one in an allowed folder of this server."""

import streamlit as st

from kneeoa.adaptation import allowed
from kneeoa.errors import KneeOAError
from kneeoa.graders.profile import unpack_profile
from pages.shared import boundary, cached
from pages.shared.access import offered
from pages.shared.memory.uploads import bytes_of
from pages.shared.profiles import in_use

_SAID, _ROUND = "profile_refused", "profile_round"


def show_shelf() -> None:
    """Let the reader load a profile; readings follow it at once."""
    with st.popover("Load a profile", width="stretch"):
        upload = st.file_uploader(
            "A profile (ZIP)",
            type="zip",
            key=f"profile_zip_{st.session_state.get(_ROUND, 0)}",
        )
        if upload is not None:
            st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
            _load(lambda: unpack_profile(bytes_of(upload)))
        places = cached.offered().profiles
        label = offered.choose("Or one on this server", places, key="profile_place", kind="profile")
        if label and st.button("Load it", key="profile_load"):
            _load(lambda: allowed.read_offered(places[label]))


def show_refusal() -> None:
    """Say once why a profile could not be loaded."""
    if refusal := st.session_state.pop(_SAID, None):
        st.error(boundary.escaped(refusal))


def _load(read):
    try:
        in_use.use(read())
    except KneeOAError as error:
        st.session_state[_SAID] = str(error)
    st.rerun()
