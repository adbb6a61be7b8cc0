"""All films of the session: which is looked at, and all small at the side, with their answers.

They are read ahead of being seen.
"""

import html
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kneeoa.errors import KneeOAError
from kneeoa.graders.locating.gate import REFUSED
from kneeoa.wording import plain
from pages.reading import answer_card, frame_control, gate_strip, reading_viewer
from pages.shared import boundary, keyboard, live, session_films
from pages.shared.cases import arrivals, own_grades, reopening
from pages.shared.patients import named, who
from pages.shared.session_films import Film

SECONDS = 0.3
"""After which the next film is read, while some are not."""
SIDES = {"R": "R ", "L": "L ", "unknown": ""}
NOT_GRADED, ALL_THE_SAME = "not graded", "refused"
AFTER_YOURS = "after yours"
IN_STRIP = 20
"""Letters of a patient's name and number below a small picture, whose title has all of them."""
_FAILED = "not_read_ahead"
# Once for each film that is turned to: where the reader looks in the strip meanwhile is hers.
_SCROLL = """
export default ({ data }) => {
  const film = document.querySelector(`.st-key-strip_${data.current}`);
  const strip = film?.closest(".st-key-filmstrip");
  if (!strip || strip.dataset.current === data.current) return;
  strip.dataset.current = data.current;
  const show = () => {
    const [inner, outer] = [film, strip].map((element) => element.getBoundingClientRect());
    const [above, below] = [outer.top - inner.top, inner.bottom - outer.bottom];
    strip.scrollTop += Math.ceil(Math.max(0, below)) - Math.ceil(Math.max(0, above));
    const [before, after] = [outer.left - inner.left, inner.right - outer.right];
    // in a row, on small screens
    strip.scrollLeft += Math.ceil(Math.max(0, after)) - Math.ceil(Math.max(0, before));
  };
  show();
  // Pictures have their height once they are there.
  for (const picture of strip.querySelectorAll("img")) {
    if (!picture.complete) picture.addEventListener("load", show, { once: true });
  }
};
"""
_SCROLLED = st.components.v2.component("filmstrip_scrolled", js=_SCROLL)


def current_film(films: dict[str, session_films.Film]) -> session_films.Film:
    """Return the film to read: the one that was turned to, or that stands there already."""
    state = st.session_state
    wanted = state.get(session_films.NEXT) or state.get(session_films.CURRENT)
    digest = wanted if wanted in films else next(reversed(films))
    state[session_films.CURRENT] = digest
    # Only then: what she does meanwhile ends this run at any of these lines.
    state.pop(session_films.NEXT, None)
    return films[digest]


def choose_film(films: dict[str, session_films.Film]) -> session_films.Film:
    """Show the film list and the way to more films; return the film to read."""
    names = _names(films)
    digest = keyboard.followed(
        st.selectbox,
        "Film",
        list(films),
        session_films.CURRENT,
        "film",
        format_func=lambda digest: names.get(digest, ""),
        on_choice=_turn_to_chosen,
        label_visibility="collapsed",
    )
    more, away = st.columns(2, gap="small")
    # Another key closes it, once its films are there.
    key = f"add_films_{session_films.upload_round()}"
    with more.popover("Add films", width="stretch", key=key):
        session_films.show_uploader()
        session_films.show_demo_picker()
    away.button(
        "Remove film",
        key=f"remove_{digest}",  # pressed twice, it is not to take the next one away as well
        on_click=session_films.remove,
        args=[digest],
        width="stretch",
    )
    offer_to_bring_back()
    return films[digest]


def _names(films):
    """Return by digest what each film is called, and whose it is."""
    labels = session_films.labels()
    return {
        digest: " · ".join(filter(None, (plain(labels.get(digest, "")), named.short(film))))
        for digest, film in films.items()
    }


def _turn_to_chosen():
    st.session_state.pop(session_films.NEXT, None)
    session_films.forget_refusals(folded=True)


def offer_to_bring_back() -> None:
    """Offer the film that was taken away last."""
    if gone := session_films.removed():
        st.button(
            f"Bring back {boundary.escaped(gone.name)}",
            key=keyboard.key_for("bring_back", gone.digest),
            on_click=session_films.bring_back,
            args=[gone.digest],
            type="tertiary",
        )


def show_strip(places: Sequence[DeltaGenerator], current: str, *, ahead: bool = True) -> None:
    """Show the films with `current` marked; turn to one that is clicked.

    `places` is where they stand, none where one film stands alone. `ahead` reads those that nobody
    has read yet, one after the other.
    """
    for place in places:
        with place:
            if (ahead and _unread()) or arrivals.coming():
                live.every(SECONDS, _strip, current, ahead)
            else:
                st.fragment(_strip)(current, ahead)


def answers(film: Film) -> list[str]:
    """Return for each knee its side, answer and what it is not to be read without, as text."""
    two = len(film.localised.knees) > 1
    return [
        (SIDES[knee.side] if two else "")
        + ", ".join(
            [
                _answer(film, place, frame, refused=refused and not film.anyway),
                *[ALL_THE_SAME] * (refused and film.anyway),
                # Of what is not graded no warning counts.
                *[gate_strip.WARNED] * (warned and (film.anyway or not refused)),
            ]
        )
        for place, (knee, (frame, refused, warned)) in enumerate(
            zip(film.localised.knees, _knees(film), strict=True)
        )
    ]


def _answer(film, place, frame, *, refused):
    if refused:
        return NOT_GRADED
    if own_grades.hides(film.digest, place):
        return AFTER_YOURS
    if not session_films.is_read(film, frame):
        return "..."
    own_grades.came_past(film.digest, place)
    together = session_films.read_together(film, frame)
    if together is None:
        return ", ".join(reading.said.label for reading in session_films.read(film, frame))
    return answer_card.headline(together)


def _strip(current, ahead):
    were_coming = arrivals.coming()
    arrivals.take_arrivals()
    films, labels = session_films.all_films(), session_films.labels()
    unread = _unread() if ahead else []
    if unread:
        _read_ahead(*unread[0])
    verdicts = who.verdicts(films[current], films.values()) if current in films else {}
    with st.container(key="filmstrip", gap="small"):
        for digest, film in films.items():
            lines = answers(film)
            with st.container(key=f"strip_{digest[:10]}", gap=None):
                against = verdicts.get(digest, "")
                st.html(_picture(film, lines, against))
                called = ", ".join(filter(None, (labels[digest], named.short(film), against)))
                label = boundary.escaped(f"{called}: {', '.join(lines)}")
                # The button says which film it is: pictures stay the same, and are sent once.
                st.button(
                    label,
                    key=f"turn_{digest}",
                    type="primary" if digest == current else "secondary",
                    on_click=_turn_to,
                    args=[digest],
                    width="stretch",
                )
        if coming := arrivals.coming():
            st.caption(f"{coming} more being read")
    _SCROLLED(key="filmstrip_scrolled", data={"current": current[:10]}, height="content")
    # Without a timer from here on.
    if len(unread) == 1 or (were_coming and not coming):
        st.rerun()


def _turn_to(digest):
    session_films.forget_refusals(folded=True)
    reopening.forget_wanted()
    if (film := session_films.all_films().get(digest)) is not None:
        reading_viewer.note_click(film)
    st.session_state[session_films.NEXT] = digest
    st.rerun()  # all of the page


def _picture(film, lines, against):
    rows = "".join(f'<div class="{_tone(line)}">{html.escape(line)}</div>' for line in lines)
    if whose := named.short(film, IN_STRIP):
        rows += f'<div class="kl-whose">{named.as_html(whose)}</div>'
    if against:
        rows += f'<div class="kl-whose kl-apart-1">{against}</div>'
    name = boundary.as_html("\n".join(filter(None, (film.name, named.whole(film)))))
    return f'<div class="kl-thumb" title="{name}"><img src="{film.picture()}" alt="">{rows}</div>'


def _tone(line):
    if NOT_GRADED in line or ALL_THE_SAME in line:
        return "kl-apart-2"
    return "kl-apart-1" if gate_strip.WARNED in line else ""


def _unread():
    """Return the films and frames that could be read and were not, nor failed."""
    failed = st.session_state.setdefault(_FAILED, set())
    return [
        (film, frame)
        for digest, film in session_films.all_films().items()
        for frame, refused, _ in _knees(film)
        if not (refused and not film.anyway)
        and not (session_films.is_read(film, frame) or (digest, frame) in failed)
    ]


def _read_ahead(film, frame):
    try:
        session_films.read(film, frame)
    except KneeOAError:  # said when the reader turns to the film
        st.session_state[_FAILED].add((film.digest, frame))


def _knees(film):
    """Return each knee's frame, as the reader has it, and whether it is refused, and warned of."""
    knees = []
    for index in range(len(film.localised.knees)):
        frame = frame_control.frame_of(film, index)
        findings = frame_control.findings_of(film, index, frame)
        refused = any(finding.severity == REFUSED for finding in findings)
        knees.append((frame, refused, bool(gate_strip.warnings_of(film, findings))))
    return knees
