"""An archive that sends less than it has says so, and what is missing is no news to nobody."""

import json

import pytest

from kneeoa.pacs.problems import PacsError
from kneeoa.pacs.query import Search, Series
from kneeoa.pacs.web import Web
from tests.support.archive import PATIENT, SERIES, STUDY, lying, said, server_at

JSON = "application/dicom+json"
SEARCH = Search(patient_id=PATIENT)
MORE = 'Warning: 299 pacs: "There are 70 additional results that can be requested"\r\n'
OLDER = 'Warning: 299 pacs: "The maximum was exceeded. Additional results can be requested."\r\n'
LITERAL = 'Warning: 299 pacs: "The fuzzymatching parameter is not supported."\r\n'


def answer(*, status="200 OK", more=""):
    one = {"0020000D": {"vr": "UI", "Value": [STUDY]}, "0020000E": {"vr": "UI", "Value": [SERIES]}}
    return said(json.dumps([one]).encode(), JSON, status=status, more=more)


@pytest.mark.parametrize(
    ("answered", "is_cut"),
    [
        (answer(), False),
        (answer(more=MORE), True),
        (answer(more=OLDER), True),
        (answer(more=LITERAL + MORE), True),
        (answer(more=MORE.replace("299", '110 cache "Response is stale", 299')), True),
        (answer(more=MORE.replace("pacs", "fuzzy-pacs")), True),
        (answer(more='Warning: 299 - "Deprecated API"\r\n'), False),
        (answer(status="206 Partial Content"), True),
        (answer(more=LITERAL), False),
    ],
)
def test_a_list_that_the_archive_cut_is_said_to_be_cut(answered, is_cut):
    with lying(answered) as url:
        assert Web(server_at(url)).find(SEARCH).cut == is_cut


@pytest.mark.parametrize("cut", [{"more": MORE}, {"status": "206 Partial Content"}])
def test_films_of_a_series_that_is_not_listed_whole_are_not_opened(cut):
    with lying(answer(**cut)) as url, pytest.raises(PacsError, match="more than it names"):
        Web(server_at(url)).places(Series(study=STUDY, series=SERIES))


def test_a_warning_of_something_else_is_no_reason_to_open_no_film():
    with lying(answer(more='Warning: 299 - "Deprecated API"\r\n')) as url:
        assert Web(server_at(url)).places(Series(study=STUDY, series=SERIES)) == []
