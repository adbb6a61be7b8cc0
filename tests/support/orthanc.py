"""An Orthanc of the tests' own: started, killed and asked by its own interface."""

import base64
import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from kneeoa.pacs.settings import Secret, Server, Station
from tests.support.install_orthanc import find_orthanc

HTTP, DICOM, OURS = 8042, 4242, 11112
USER, PASSWORD = "reader", "for the tests"
START_SECONDS = 60


class RunningOrthanc:
    """Listens on every address: only to be used in a network of its own, see `own_network`."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._process: subprocess.Popen | None = None
        settings = {
            "Name": "tests",
            "StorageDirectory": str(folder / "kept"),
            "IndexDirectory": str(folder / "kept"),
            "HttpPort": HTTP,
            "DicomPort": DICOM,
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": True,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomModalities": {"kneeoa": ["KNEEOA", "127.0.0.1", OURS]},
            "DicomScuTimeout": 30,
            "Plugins": [str(find_orthanc().plugin)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        self._settings = folder / "orthanc.json"
        self._settings.write_text(json.dumps(settings), "utf-8")
        (folder / "password").write_text(PASSWORD + "\n", "utf-8")

    def server(self, **options) -> Server:
        """Return the settings by which it is asked."""
        secret = Secret(file=str(self._folder / "password"))
        url = f"http://127.0.0.1:{HTTP}/dicom-web"
        given = {"name": "orthanc", "url": url, "user": USER, "password": secret, **options}
        return Server(**given)

    def station(self) -> Station:
        """Return the settings by which reports go there by C-STORE."""
        return Station(name="orthanc", host="127.0.0.1", port=DICOM, ae_title="ORTHANC")

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [find_orthanc().program, self._settings], stdout=log, stderr=log
            )
        last = time.monotonic() + START_SECONDS
        while time.monotonic() < last and self._process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError):
                self.ask("/system")
                return
            time.sleep(0.05)
        said = (self._folder / "log").read_text("utf-8", "replace")[-2000:]
        raise RuntimeError(f"Expected Orthanc to start. It does not. It said:\n{said}")

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def ask(self, path: str, body: Any = None) -> Any:
        """Return what it answers to a request of its own interface."""
        return json.loads(self.ask_bytes(path, body) or b"null")

    def ask_bytes(self, path: str, body: Any = None) -> bytes:
        """Return the same as it came."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{HTTP}{path}", data)
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {secret}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def put(self, data: bytes) -> str:
        """Have it keep a film; return what it calls it."""
        return self.ask("/instances", data)["ID"]

    def push(self, *films: str) -> None:
        """Have it push films to the receiver; `HTTPError` where that fails."""
        self.ask("/modalities/kneeoa/store", {"Resources": list(films), "Synchronous": True})
