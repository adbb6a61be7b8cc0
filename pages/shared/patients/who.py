"""Who a film is of, as keyed hashes good for this session alone: enough to tell patients apart."""

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Collection, Iterable

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.jointspace import pairs
from kneeoa.jointspace.names import Name
from kneeoa.jointspace.pairs import Shown
from kneeoa.wording import counted
from pages.shared.cases import saved, whose_marks
from pages.shared.patients import asking
from pages.shared.session_films import Film

NOT_READ = "patient could not be read"
_SECRET, _VISITS = "visits_secret", "visits"


def visit_of(film: Film) -> Shown:
    """Return who a film is of, and its day; raise as `Workers.run`.

    Of a film that is kept without its patient, what the list knows of both: by the same marks all
    films go as long as it is open.
    """
    visits = st.session_state.setdefault(_VISITS, {})
    is_kept = saved.is_kept_film(film)
    key = film.digest, is_kept, saved.is_open()
    if key not in visits:
        # Only once that succeeded: of what could not be read now more may be known later.
        if is_kept and (case := saved.case_of(film.digest)):
            visits[key] = _of_case(case, film.digest)
        elif film.source == "DICOM":
            visits[key] = asking.once(film.digest, PATIENT, lambda: _of_file(film))
        else:
            visits[key] = Shown(film=film.digest)
    return visits[key]


def _of_case(case, digest):
    return Shown(
        patient=_hidden("number", case.patient),
        issuer=_hidden("issuer", case.issuer or ""),
        born=_hidden("born", case.born or ""),
        day=case.study_date,
        film=digest,
        is_nameless=True,
    )


def _of_file(film):
    header = workers().run(PATIENT, film.data).facts
    whose = whose_marks.of_header(header, marked=saved.is_open())
    names = [
        Name(
            script,
            _hidden("name", written),
            words=frozenset(map(_word, header["words"][script])),
            telling=frozenset(map(_word, header["telling"][script])),
            initials=frozenset((_word(word), _word(word[0])) for word in header["words"][script]),
            letters=_hidden("letters", header["letters"][script]),
        )
        for script, written in header["names"].items()
    ]
    return Shown(
        patient=_hidden("number", whose.patient),
        issuer=_hidden("issuer", whose.issuer),
        born=_hidden("born", whose.born),
        year=_hidden("year", header["born"][:4]),
        sex=_hidden("sex", header["sex"]),
        number=_hidden("number as spelt", header["number"]),
        giver=_hidden("issuer as spelt", header["giver"]),
        names=tuple(names),
        day=whose.day,
        film=film.digest,
    )


def day_of(film: Film) -> str:
    """Return the day of a film's study, as the list of cases has it; empty where not known."""
    return visit_of(film).day


def verdicts(film: Film, films: Iterable[Film]) -> dict[str, str]:
    """Return by digest what stands against `films` being of the patient of `film`, in few words.

    Nothing of those against which nothing stands. Of one whose header cannot be read, that; where
    it is `film` itself, of that alone.
    """
    against: dict[str, str] = {}
    try:
        here = visit_of(film)
    except KneeOAError:
        return {film.digest: NOT_READ}
    for other in films:
        try:
            against[other.digest] = pairs.verdict(here, visit_of(other))
        except KneeOAError:
            against[other.digest] = NOT_READ
    return {digest: words for digest, words in against.items() if words}


def of_others(film: Film, films: Collection[Film]) -> list[str]:
    """Return what `verdicts` says of the other films, in a few phrases that name none of them."""
    stands = verdicts(film, films)
    if film.digest in stands:
        return ["whether other films here are hers could not be read"] * (len(films) > 1)
    phrases = []
    for words, count in Counter(stands.values()).items():
        others, is_alone = counted(count, "other film"), count == 1
        if words == pairs.ANOTHER:
            phrases.append(f"{others} here {'is' if is_alone else 'are'} not of this patient")
        elif words == NOT_READ:
            whose = "it is" if is_alone else "they are"
            phrases.append(f"of {others} here it could not be read whose {whose}")
        else:
            phrases.append(f"{others} here: {words}")
    return phrases


def _word(word: str) -> str:
    return _hidden("word", word)


def _hidden(kind: str, text: str) -> str:
    """Return what is the same for the same text, and tells nothing of it; empty of no text."""
    key = st.session_state.setdefault(_SECRET, secrets.token_bytes(32))
    return text and hmac.digest(key, f"{kind} {text}".encode(), hashlib.sha256).hex()
