"""The profile that readings follow in this browser session, kept from page to page.

It is kept in the session and nowhere else. The loaded networks are shared by all sessions, so they
are never changed: each reading asks for them anew, under the profile of its own session.
"""

import streamlit as st

from kneeoa.graders.grading import Graders
from kneeoa.graders.profile import Profile
from pages.shared import cached

MOST_LOADED = 20
"""In one session; the one that was loaded first goes first, but never the one in use."""
_LOADED, _CURRENT = "profiles", "profile"


def loaded() -> dict[str, Profile]:
    """Return this session's profiles by digest, in order of arrival."""
    return st.session_state.setdefault(_LOADED, {})


def current() -> Profile | None:
    """Return the profile that readings follow; None: the networks as published."""
    return loaded().get(st.session_state.get(_CURRENT, ""))


def graders() -> Graders:
    """Return the networks under this session's profile, or as published."""
    return cached.graders().under(current())


def take_in(profile: Profile) -> None:
    """Load a profile without following it; raise `ModelError` where it is of other networks."""
    cached.graders().under(profile)
    profiles = loaded()
    profiles[profile.digest] = profile
    others = [
        digest
        for digest in profiles
        if digest not in (profile.digest, st.session_state.get(_CURRENT))
    ]
    for digest in others[: max(0, len(profiles) - MOST_LOADED)]:
        del profiles[digest]


def use(profile: Profile) -> None:
    """Have readings follow a profile; raise `ModelError` where it is of other networks."""
    take_in(profile)
    st.session_state[_CURRENT] = profile.digest


def choose(digest: str | None) -> None:
    """Have readings follow a loaded profile, or none."""
    st.session_state[_CURRENT] = digest


def leave() -> None:
    """Go back to the networks as published; the profile stays at hand."""
    choose(None)


def learnt_from(content: str) -> bool:
    """Return whether the profile that readings follow was learnt from this very film, by SHA-256.

    What a profile says of that itself goes wherever it goes; one from before it did says nothing.
    """
    profile = current()
    return profile is not None and profile.learnt_from(content)
