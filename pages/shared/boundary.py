"""What a page says when something cannot be done, and text that is shown as it is."""

import contextlib
import html
import re
from collections.abc import Iterator

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.wording import plain

_MARKS = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|$:~&=@^]")
_NO_BREAK = "\u2060"
"""WORD JOINER: seen by nobody, but no longer a link, an icon or an emoji to Streamlit's pages."""
# These are found in what is left once backslashes have been read.
_FOUND_LATER = (
    re.compile(r"(?<=:)(?=//|[\w+-]+[:/])"),
    re.compile(r"(?<=www)(?=\.)", re.IGNORECASE),
    re.compile(r"(?<=@)(?=\S)"),
    re.compile(r"(?<=[<~>-])(?=[->=]+(?!\S))"),
)
_LINE = re.compile(r"\s*\n\s*")


@contextlib.contextmanager
def refusals_shown() -> Iterator[None]:
    """Show what a user can act on as a sentence; let bugs surface in the log."""
    try:
        yield
    except KneeOAError as error:
        st.error(escaped(str(error)))


def as_html(text: str) -> str:
    """Return `text` so that HTML shows it as it is."""
    return html.escape(plain(str(text)))


def told_apart(word: str, by: str) -> str:
    """Return the label of a button that shows `word`, as others do, and is read out with `by`.

    What is read out alone stands in emphasis, which no button shows (`pages.shared.style`).
    """
    return f"{word} *{escaped(by)}*"


def escaped(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: nothing of a file or a name is markup."""
    text = _LINE.sub("\n", plain(str(text)).strip())
    for found_later in _FOUND_LATER:
        text = found_later.sub(_NO_BREAK, text)
    return _MARKS.sub(r"\\\g<0>", text)
