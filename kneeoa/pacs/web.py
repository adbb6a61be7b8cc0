"""An archive over DICOMweb: what it has (QIDO), a film of it (WADO), a report to it (STOW).

Queries go through dicomweb-client. Films and reports pass as the bytes they are: the library would
parse them in this process, and write them anew.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests import Response

from kneeoa.errors import KneeOAError, RadiographError
from kneeoa.films.apart.pool import workers
from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs import answers as said_in
from kneeoa.pacs import query
from kneeoa.pacs.bounded import multipart
from kneeoa.pacs.bounded.exchange import Deadline, Exchange
from kneeoa.pacs.part10 import FILMS, SECONDARY, identity, is_uid
from kneeoa.pacs.problems import (
    LostError,
    NotThereError,
    PacsError,
    RefusedError,
    for_status_of_store,
    hush,
    translated,
)
from kneeoa.pacs.query import Found, Place, Search, Series
from kneeoa.pacs.settings import Server

if TYPE_CHECKING:
    from dicomweb_client.web import DICOMwebClient

MOST_STUDIES = 100
"""Of an answer to one search."""
MOST_SERIES = 50
"""Of one study that are looked at."""
MOST_FILMS = 60
"""That are opened at once."""
_JSON = ("application/dicom+json", "application/json")
_MOST_JSON = 20 * MEGABYTE
_LARGEST = 100 * MEGABYTE
_OBJECT = "kneeoa.films.dicom.described.described"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A film that came, or why it did not: `data` is empty then."""

    place: Place
    data: bytes = b""
    why_not: str = ""


class Web:
    """An archive; each method is one exchange, or several, and ends within the owner's limits."""

    def __init__(self, server: Server):
        self.server = server
        hush()

    def find(self, search: Search) -> Found:
        """Return the series of X-rays of what is looked for; raise `PacsError`."""
        with self._asked() as (client, session):
            studies, cut, odd = self._studies(client, search)
            x_rays = []
            for study in studies:
                answers = _listed(
                    client.search_for_series(
                        study["study"], fields=query.SERIES_FIELDS, limit=MOST_SERIES + 1
                    )
                )
                cut |= len(answers) > MOST_SERIES
                of_study = [said_in.series_of(answer, study) for answer in answers[:MOST_SERIES]]
                odd += sum(series is None or not search.fits(series) for series in of_study)
                x_rays += [
                    series
                    for series in of_study
                    if series and search.fits(series) and series.modality in query.MODALITIES
                ]
            cut |= session.is_cut
        return Found(query.sorted_by_day(x_rays), cut, odd)

    def _studies(
        self, client: "DICOMwebClient", search: Search
    ) -> tuple[list[dict[str, Any]], bool, int]:
        """Return the studies with X-rays in them, whether there are more, and odd answers."""
        studies: dict[str, dict[str, Any]] = {}
        cut, odd = False, 0
        # One modality a query: lists of them are not understood everywhere (PS3.18, 8.3.4).
        for modality in query.MODALITIES:
            answers = _listed(
                client.search_for_studies(
                    search_filters=search.filters() | {"ModalitiesInStudy": modality},
                    fields=query.STUDY_FIELDS,
                    limit=MOST_STUDIES + 1,
                )
            )
            cut |= len(answers) > MOST_STUDIES
            for answer in answers[:MOST_STUDIES]:
                study = said_in.study_of(answer)
                if study is None:
                    odd += 1
                else:
                    studies[study["study"]] = study
        return list(studies.values()), cut, odd

    def places(self, series: Series) -> list[Place]:
        """Return where the films of a series are: not its reports, marks and the like.

        Raises `PacsError` where they are too many, or the archive names some of them alone.
        """
        with self._asked() as (client, session):
            answers = _listed(
                client.search_for_instances(series.study, series.series, limit=MOST_FILMS + 1)
            )
        places = [said_in.place_of(answer, series) for answer in answers]
        wanted = ("", *FILMS, *SECONDARY)
        films = [place for place in places if place and place.sop_class in wanted]
        if len(films) > MOST_FILMS:
            raise PacsError(
                f"Expected at most {MOST_FILMS} films in a series. This one has more: it is no "
                "series of knee films."
            )
        if session.is_cut:
            raise PacsError(
                f"Expected all films of a series from the archive {self.server.name}. It says that "
                "it has more than it names: ask who runs it to allow longer answers."
            )
        return films

    def film(self, place: Place, *, most: int = _LARGEST) -> bytes:
        """Return the DICOM file of a film; raise `PacsError` where another thing came."""
        path = f"studies/{place.study}/series/{place.series}/instances/{place.instance}"
        if not all(map(is_uid, (place.study, place.series, place.instance))):
            raise PacsError("Expected a film's identifiers. Look for the film again.")
        accept = f'multipart/related; type="{multipart.DICOM}"; transfer-syntax=*'
        seconds = self.server.transfer_seconds
        kinds = ("multipart/related", multipart.DICOM)
        with self._exchange(seconds, kinds=kinds, most=most) as session:
            answer = session.get(f"{self.server.url}/{path}", headers={"Accept": accept})
            data = self._one(answer)
        self._expect(place, data)
        return data

    def _one(self, answer: Response) -> bytes:
        received = answer.headers.get("Content-Type", "")
        if received.lower().startswith(multipart.DICOM):
            return answer.content
        parts = multipart.parts(answer.content, received)
        if len(parts) != 1:
            raise LostError(
                f"Expected one film from the archive {self.server.name}. Received {len(parts)}."
            )
        return parts[0]

    def _expect(self, place: Place, data: bytes) -> None:
        """Refuse what is not the film that was asked for: it may be another patient's."""
        another = LostError(
            f"Expected the film that was asked for from the archive {self.server.name}. It sends "
            "another one, which is not shown: tell who runs it."
        )
        try:
            file_meta = identity(data)
        except PacsError:
            raise LostError(
                f"Expected a film from the archive {self.server.name}. What it sends is no DICOM "
                "file: check url in the settings, or tell who runs it."
            ) from None
        if file_meta.sop_instance != place.instance or file_meta.sop_class not in (
            *FILMS,
            *SECONDARY,
        ):
            raise another
        try:
            inside = workers().run(_OBJECT, data).facts
        except RadiographError as problem:
            raise LostError(f"Expected to check whose film came. {problem}") from None
        uids = (inside["study"], inside["series"], inside["instance"])
        if uids != (place.study, place.series, place.instance):
            raise another
        patient_id = said_in.shown(inside["patient_id"])
        if place.patient_id and patient_id not in ("", place.patient_id):
            raise another

    def films(
        self,
        all_series: Sequence[Series],
        *,
        most_films: int = MOST_FILMS,
        most_bytes: int = 10 * _LARGEST,
        wanted: Callable[[Place], bool] = lambda place: True,
        progress: Callable[[int, int], None] = lambda done, count: None,
    ) -> Iterator[Fetched]:
        """Give the films of `all_series` one by one; one that cannot be had holds up no other.

        Those that are not `wanted` are passed over. `progress` is told how many of how many are
        through. Raises `PacsError` where the archive does not say what is in them.
        """
        places = [place for series in all_series for place in self.places(series) if wanted(place)]
        if len(places) > most_films:
            raise PacsError(
                f"Expected at most {most_films} films at once. These are {len(places)}: choose "
                "fewer."
            )
        room = most_bytes
        for number, place in enumerate(places):
            progress(number, len(places))
            try:
                data = self.film(place, most=min(_LARGEST, max(room, 1)))
            except KneeOAError as problem:
                yield Fetched(place, why_not=str(problem))
                continue
            room -= len(data)
            yield Fetched(place, data)
        progress(len(places), len(places))

    def holds(self, instance: str) -> bool | None:
        """Return whether the archive has an object; None where it does not say."""
        if not is_uid(instance):
            return None
        try:
            with self._asked() as (client, _):
                answers = _listed(
                    client.search_for_instances(search_filters={"SOPInstanceUID": instance})
                )
        except PacsError:
            return None
        return any(said_in.instance_in(answer) == instance for answer in answers)

    def store(self, data: bytes) -> None:
        """Send an object as it is; returns when the archive says that it has it.

        Raises `RefusedError` where it will not have it, a `ThereError` where it had one under this
        identifier before, and `LostError` where nothing is known: then `holds` may tell whether it
        arrived, but of a `NotThereError` that it did not.
        """
        file_meta = identity(data)
        if not self.server.sends:
            raise RefusedError(
                f"Expected an archive that takes reports. {self.server.name} is set to be only "
                "read from (sends = false)."
            )
        body, kind = multipart.written(data)
        headers = {"Content-Type": kind, "Accept": _JSON[0]}
        seconds = self.server.transfer_seconds
        with self._exchange(seconds, kinds=_JSON, most=_MOST_JSON) as session:
            answer = session.post(f"{self.server.url}/studies", data=body, headers=headers)
            kept, failed = said_in.failures_in(_json_in(answer))
        code = failed.get(file_meta.sop_instance)
        if code is None and file_meta.sop_instance in kept:
            return
        raise for_status_of_store(self.server.name, code, is_heard=answer.status_code in (200, 202))

    @contextlib.contextmanager
    def _asked(self) -> Iterator[tuple["DICOMwebClient", Exchange]]:
        """Give a client for queries, which together end in time, and what they go through."""
        from dicomweb_client.web import DICOMwebClient

        seconds = self.server.answer_seconds
        with self._exchange(seconds, kinds=_JSON, most=_MOST_JSON) as session:
            client = DICOMwebClient(self.server.url, session=session)
            client.set_http_retry_params(retry=False)
            yield client, session

    @contextlib.contextmanager
    def _exchange(self, seconds: float, *, kinds: Sequence[str], most: int) -> Iterator[Exchange]:
        deadline = Deadline(seconds)
        try:
            with (
                deadline,
                translated(self.server.name, seconds=seconds, is_over=deadline.is_over),
                Exchange(self.server, deadline, kinds=kinds, most=most) as session,
            ):
                yield session
        except LostError as problem:
            if deadline.has_reached:
                raise
            raise NotThereError(str(problem)) from None


def _listed(answers: Any) -> list[Any]:
    """Return an answer's objects, whatever came."""
    return answers if isinstance(answers, list) else []


def _json_in(answer: Response) -> Any:
    try:
        return answer.json() if answer.content else {}
    except (ValueError, RecursionError):
        return {}
