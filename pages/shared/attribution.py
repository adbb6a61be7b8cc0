"""Where the films came from and under which licence, and who stands for the networks."""

import html
import re
from typing import Any

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.wording import listed
from pages.shared import boundary, cached

_DOI = re.compile(r"10\.\d{4,9}/[\w.-]+")
_LICENCE = re.compile(r"https://creativecommons\.org/[\w./-]+")


def named_cards() -> dict[str, dict[str, Any]]:
    """Return the cards of all that is published, by the names that a reader knows."""
    named = {DISPLAY_NAME[name]: card for name, card in cached.cards().items()}
    together = cached.together_card()
    return named | ({TOGETHER: together} if together else {})


def show(cards) -> None:
    """Show author, title, licence and origin of the films of models, whose cards these are by name.

    Models of different films have a paragraph each, which names them.
    """
    st.subheader("Data and attribution")
    cited = {name: _cited(card["data"]) for name, card in cards.items()}
    for text in dict.fromkeys(cited.values()):
        whose = listed([name for name in cited if cited[name] == text], "and")
        st.markdown(text if len(set(cited.values())) == 1 else f"{whose}: {text}")


def _cited(data) -> str:
    escaped = {name: boundary.escaped(text) for name, text in data.items()}
    doi, licence = f"doi {escaped['doi']}", escaped["licence"]
    # No other link comes from a file.
    if _DOI.fullmatch(str(data["doi"])):
        doi = f"[{doi}](https://doi.org/{data['doi']})"
    if _LICENCE.fullmatch(str(data["licence_url"])):
        licence = f"[{licence}]({data['licence_url']})"
    named = [f"*{escaped['name']}*", doi if data["doi"] else "", licence]
    return (
        f"{escaped['author']} ({escaped['year']}): {', '.join(filter(None, named))}. "
        f"{escaped['origin']} {escaped['split']}"
    )


def show_warning() -> None:
    """Say it in one line where the networks in use are not signed by somebody known."""
    try:
        warning = cached.signature().warning
    except KneeOAError as error:  # a setting of the server's owner
        warning = str(error)
    if warning:
        st.html(f'<div class="kl-note">{html.escape(warning)}</div>')


def show_signature() -> None:
    """Say who signed the networks, or what it means that nobody known did."""
    signature = cached.signature()
    if signature.warning:
        st.markdown(
            f"**Signature**: {boundary.escaped(signature.warning)} They may be what their maker "
            "published, or something else under the same name: nothing here tells. Whoever gave "
            "you the models can sign them, and the owner of this server can name their key."
        )
    else:
        st.markdown(
            f"**Signature**: models and cards are, byte for byte, what was signed on "
            f"{signature.signed_at[:10]} with the key `{signature.key}`."
        )
