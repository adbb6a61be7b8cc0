"""The template of all workers: a process that has loaded the decoders and copies itself when asked.

`python -m kneeoa.films.apart.template DESCRIPTOR`, a socket. A copy is there within milliseconds,
where a process that loads the decoders itself takes a second. For each copy come two descriptors:
the connection that it serves (`worker`), and a pipe on which the template says the number of the
process, and in the end how it ended. When the other side is gone, it ends its copies and itself.
"""

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from kneeoa.films.apart import worker
from kneeoa.films.apart.processes import NUMBER

READY = b"r"
_TASKS = (
    *("kneeoa.films.decode", "kneeoa.films.dicom.film"),
    *("kneeoa.films.dicom.patient", "kneeoa.films.dicom.source"),
)
# After `kneeoa.films.dicom`, which says why.
_DECODERS = ("PIL.PngImagePlugin", "PIL.JpegImagePlugin", "PIL.TiffImagePlugin", "gdcm")


def main(descriptor: int) -> None:
    """Make copies until the other side is gone."""
    import resource

    # A crash must not leave a film on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in (*_TASKS, *_DECODERS):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # Libraries write what they find in a file.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    # Copies share what was loaded, as long as nobody writes to it.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as asked:
        asked.sendall(READY)
        _Template(asked).serve()


class _Template:
    def __init__(self, asked: socket.socket) -> None:
        self.asked = asked
        self.told: dict[int, int] = {}
        """By process, where it is told how a copy ended."""
        self.ended, waking = os.pipe()
        os.set_blocking(waking, False)
        signal.set_wakeup_fd(waking)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        poller = select.poll()
        poller.register(self.asked, select.POLLIN)
        poller.register(self.ended, select.POLLIN)
        while True:
            for file, _ in poller.poll():
                if file == self.ended:
                    os.read(self.ended, 4096)
                    self._tell()
                elif not self._copy():
                    return

    def _copy(self) -> bool:
        """Make a copy; return False, having ended all, where nobody asks any more."""
        try:
            word, files, _, _ = socket.recv_fds(self.asked, 1, 2)
        except OSError:
            word = b""
        if not word:
            for copy in self.told:
                os.kill(copy, signal.SIGKILL)
            return False
        connection, told = files
        copy = os.fork()
        if copy == 0:
            self._be_the_copy(connection)
        os.close(connection)
        with contextlib.suppress(OSError):  # nobody waits for it any more
            os.write(told, copy.to_bytes(NUMBER, "little"))
        self.told[copy] = told
        return True

    def _tell(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                copy, status = os.waitpid(-1, os.WNOHANG)
                if not copy:
                    return
                told = self.told.pop(copy)
                by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                with contextlib.suppress(OSError):
                    os.write(told, bytes([by]))
                os.close(told)

    def _be_the_copy(self, connection: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.asked.close()
            for told in self.told.values():
                os.close(told)
            with socket.socket(fileno=connection) as served:
                worker.serve(served)
            code = 0
        finally:
            os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]))
