"""Reports written by hand, so that their forms are tested without any network."""

from dataclasses import replace

import numpy as np

from kneeoa.reports.content import (
    AgreementReported,
    Box,
    FilmReported,
    FindingReported,
    Measurement,
    ModelReported,
    NetworkAnswer,
    Patient,
    ReaderGrade,
    Report,
)
from kneeoa.reports.dicom.source import Source
from kneeoa.reports.pictures import MapPicture, Pictures

FILM = FilmReported(
    name="",
    digest="ab" * 32,
    format="DICOM",
    bits=12,
    height=400,
    width=300,
    box=Box(100, -20, 200, 180),
    knee="one knee",
    side="R",
    side_from="file",
    spacing=(0.15, 0.15),
    spacing_from="ImagerPixelSpacing",
)
TOGETHER = NetworkAnswer(
    "Both together", 2, (0.05, 0.4, 0.35, 0.15, 0.05), low=1, high=3, level=0.9, rule="median"
)
MOBILENET = NetworkAnswer("MobileNet", 1, (0.1, 0.5, 0.3, 0.1, 0.0), 0, 2, 0.9, "median")
RESNET = NetworkAnswer("ResNet50", 2, (0.0, 0.3, 0.4, 0.2, 0.1), 1, 4, 0.9, "median")
WIDTH = Measurement(
    "medial minimum joint space width",
    3.42,
    "mm",
    3.1,
    3.7,
    "by the reader's ruler, at the detector",
    ((10.0, 20.0), (14.0, 20.0)),
)
REFUSED = FindingReported("blurred", "Expected a sharp film. This one is blurred.", "refused")
WARNED = FindingReported("implant", "There seems to be metal at the joint.", "warned")
REPORT = Report(
    film=FILM,
    answer=TOGETHER,
    networks=(MOBILENET, RESNET),
    agreement=AgreementReported(1, 0.8, "The networks differ by 1 grade.", "They overlap by 80%."),
    findings=(REFUSED, WARNED),
    notes=("The file says that it may be negative.",),
    anyway=True,
    profile="As graded at Example hospital, 120 films, 61% right",
    track_record="When KL 2 was the answer, the reference agreed in 64%.",
    reader=ReaderGrade(3, before=True),
    measurements=(WIDTH,),
    models=(
        ModelReported("Both together", "11" * 32, "published 2026-01-01"),
        ModelReported("MobileNet", "22" * 32, "mobilenet-seed1, published 2026-01-01"),
        ModelReported("ResNet50", "33" * 32, "resnet50-seed1, published 2026-01-01"),
        ModelReported("Localiser", "44" * 32, "published 2026-01-01"),
    ),
    signed="The models are signed (key 0123abcd, 2026-01-01).",
    made_at="2026-02-03T04:05:06+00:00",
    program="kneeoa 0.1.0",
)
NOT_GRADED = replace(
    REPORT, answer=None, networks=(), agreement=None, anyway=False, track_record="", reader=None
)
WITH_PATIENT = replace(REPORT, patient=Patient("Plantagenet, Eleonora", "1952-03-17"))
SOURCE = Source(
    sop_class="1.2.840.10008.5.1.4.1.1.1.1",
    sop_instance="1.3.6.1.4.1.99999.7.3",
    study="1.3.6.1.4.1.99999.7.1",
    series="1.3.6.1.4.1.99999.7.2",
    rows=800,
    columns=600,
    patient_id="SECRET-4711",
    patient_name="Plantagenet^Eleonora",
    birth_date="19520317",
    sex="F",
    study_date="20240229",
    study_time="101500",
    accession="ACC-99",
    study_id="1",
    referring="Dr^Quisling",
)


def pictures(maps: int = 2) -> Pictures:
    """Return pictures that show next to nothing."""
    film = np.full((400, 300, 3), 90, np.uint8)
    one = np.full((200, 180, 3), 120, np.uint8)
    names = ("MobileNet", "ResNet50")[:maps]
    return Pictures(film, tuple(MapPicture(name, "Grad-CAM for KL 2: weak", one) for name in names))
