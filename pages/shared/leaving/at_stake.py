"""What is lost with the page: its browser asks first, where that is work of the reader's.

A reload, or a tab closed by mistake, ends the session, with all films that are not saved.
"""

import streamlit as st

from pages.shared.cases import book, saved, unsaved
from pages.shared.cases.book import Book
from pages.shared.session_films import Film

# What was drawn on films and the page has not heard of, the viewer tells in the document
# (`seen.js`): where no film can be saved, the page never hears of it.
_ASKING = """
export default ({ data }) => {
  window.kneeAtStake = data;
  if (window.kneeAsks) return;
  window.kneeAsks = true;
  addEventListener("beforeunload", (event) => {
    const { isWork, films, signOuts } = window.kneeAtStake;
    const drawn = (document.documentElement.dataset.drawn ?? "").split(" ");
    // Not what an earlier reader drew, who signed out.
    const isLost = (key) => {
      const [film, , before] = key.split("_");
      return films.includes(film) && Number(before) === signOuts;
    };
    if (isWork || drawn.some(isLost)) event.preventDefault();
  });
};
"""
_ASKED = st.components.v2.component("asks_before_leaving", js=_ASKING)


def ask_first() -> None:
    """Have the browser ask before it leaves a page with which work of the reader's is lost.

    After all that a run of the page keeps.
    """
    known = book.opened()
    is_work = bool(films_at_stake(known))
    # Nothing else is told of them: whether something was drawn on them, the browser knows.
    data = {"isWork": is_work, "films": list(known.films), "signOuts": book.sign_outs()}
    _ASKED(key="asks_before_leaving", data=data, height="content")


def films_at_stake(known: Book) -> list[Film]:
    """Return the films on which a grade, box or measurement of the reader's is kept nowhere else.

    A grade that the case of a film keeps already, be it not open here, is none of those.
    """
    going = {film.digest for film in unsaved.going()} if saved.is_open() else None
    return [film for film in known.films.values() if _is_lost(known, film, going)]


def _is_lost(known, film, going):
    digest = film.digest
    if known.entry_of(digest) is not None:
        return book.lacks(known, digest) or bool(known.hers.put_aside_of(digest))
    is_graded = bool(known.hers.given_to(digest)) if going is None else digest in going
    return is_graded or book.is_touched(film)
