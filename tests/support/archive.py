"""A DICOMweb archive in memory on loopback, and servers that lie: for what a network can do."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from pydicom.dataset import Dataset

from kneeoa.films.phantom import draw_knee
from kneeoa.pacs.bounded.multipart import parts, written
from kneeoa.pacs.part10 import identity
from kneeoa.pacs.settings import Server
from tests.support.films import dicom_dataset, dicom_file

STUDY, SERIES, INSTANCE = "1.2.3.1", "1.2.3.1.1", "1.2.3.1.1.1"
PATIENT, NAME = "SECRET-ID", "SECRET^PATIENT"
_PATH = re.compile(r"/dicom-web/studies/([\d.]+)/series/([\d.]+)/instances/([\d.]+)")


def film(instance: str = INSTANCE, *, study: str = STUDY, series: str = SERIES, **tags) -> bytes:
    """Return a small drawn knee as a DICOM file with those identifiers."""
    dataset = dicom_dataset(draw_knee(2, seed=3)[::2, ::2].astype(np.uint8))
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = instance
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20260102", "081500", "A1"
    dataset.BodyPartExamined = "KNEE"
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dicom_file(dataset)


def report(instance: str) -> bytes:
    """Return a DICOM object that is no picture: a structured report without content."""
    dataset = Dataset()
    dataset.update(dicom_dataset(np.zeros((2, 2), np.uint8)))
    del dataset.PixelData
    dataset.file_meta = dicom_dataset(np.zeros((2, 2), np.uint8)).file_meta
    kind = "1.2.840.10008.5.1.4.1.1.88.33"
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = kind
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = instance
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"{instance}.1"
    dataset.Modality = "SR"
    return dicom_file(dataset)


class Archive(ThreadingHTTPServer):
    """Holds objects by identifier; `mood` is what it does with a report that is sent.

    ``well``, ``fails`` (500), ``refuses`` (409), ``forgets to answer`` (keeps it and hangs up),
    ``is mute`` (keeps it, says nothing about it).
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.films: dict[str, bytes] = {}
        self.came: list[str] = []
        self.asked: list[str] = []
        self.mood = "well"
        self.can_search = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/dicom-web"

    def server(self, **options) -> Server:
        return server_at(self.url, **options)

    def handle_error(self, request, client_address):
        """Whoever asked has hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        parts = urlsplit(self.path)
        if place := _PATH.fullmatch(parts.path):
            data = self.server.films.get(place[3])
            if data is None:
                self._answer(404, b"", "text/plain")
            else:
                body, kind = written(data)
                self._answer(200, body, kind)
        elif not self.server.can_search:
            self._answer(501, b"", "text/plain")
        else:
            self._search(parts.path, parse_qs(parts.query))

    def _search(self, path, asked):
        import io

        import pydicom

        level = path.rstrip("/").rsplit("/", 1)[-1]
        key = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID"}.get(level)
        found = {}
        for data in self.server.films.values():
            header = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
            within = re.findall(r"[\d.]+\d", path)
            mine = (header.get("StudyInstanceUID"), header.get("SeriesInstanceUID"))
            wanted = asked.get("SOPInstanceUID", [header.SOPInstanceUID])[0]
            patient = asked.get("PatientID", [header.PatientID])[0]
            modality = asked.get("ModalitiesInStudy", [header.Modality])[0]
            if not set(within) <= set(mine) or wanted != header.SOPInstanceUID:
                continue
            if patient != header.PatientID or modality != header.Modality:
                continue
            del header[0x00020010:0x00030000]
            found[header.get(key or "SOPInstanceUID")] = header.to_json_dict()
        self._answer(200, json.dumps(list(found.values())).encode(), "application/dicom+json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (data,) = parts(body, self.headers["Content-Type"])
        instance, mood = identity(data).sop_instance, self.server.mood
        if mood == "fails":
            self._answer(500, b"", "text/plain")
            return
        if mood == "refuses":
            self._stored(409, "00081198", instance, {"00081197": {"vr": "US", "Value": [0x0122]}})
            return
        self.server.films[instance] = data
        self.server.came.append(instance)
        if mood == "forgets to answer":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif mood == "is mute":
            self._answer(200, b"{}", "application/dicom+json")
        else:
            self._stored(200, "00081199", instance, {})

    def _stored(self, status, tag, instance, more):
        item = {"00081155": {"vr": "UI", "Value": [instance]}, **more}
        body = json.dumps({tag: {"vr": "SQ", "Value": [item]}}).encode()
        self._answer(status, body, "application/dicom+json")

    def _answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def server_at(url: str, **options) -> Server:
    """Return the settings of an archive, with ample time: a machine may be busy."""
    ample = {"connect_seconds": 20, "answer_seconds": 20, "transfer_seconds": 20}
    return Server(**{"name": "archive", "url": url, **ample, **options})


@contextlib.contextmanager
def running_archive(*films: bytes) -> Iterator[Archive]:
    """Run an archive that holds `films`."""
    with Archive() as archive:
        archive.films = {identity(data).sop_instance: data for data in films}
        thread = threading.Thread(target=archive.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield archive
        archive.shutdown()
        thread.join()


@contextlib.contextmanager
def lying(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that reads a request's head and then does what `answer` does; give its URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection):
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := connection.recv(65_536)):
                    return
                head += more
            answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/dicom-web"
    ended.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def said(body: bytes, kind: str, *, status: str = "200 OK", length: int | None = None, more=""):
    """Return what answers with `body`, announced as `length` bytes."""
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}"
    head += "Connection: close\r\n\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def endless(head: str, piece: bytes, *, pause: float = 0.0):
    """Return what sends `head`, then `piece` without an end."""

    def answer(connection):
        connection.sendall(head.encode())
        while True:
            connection.sendall(piece)
            if pause:
                threading.Event().wait(pause)

    return answer
