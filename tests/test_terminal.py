"""Whatever ends a command, it ends with a sentence and an exit code."""

import pytest

from kneeoa import terminal
from kneeoa.errors import DataError


def run(error):
    def work():
        raise error

    return terminal.run("kneeoa", work, stopped="Stopped.")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("Expected a film."), 2, "kneeoa: Expected a film."),
        (PermissionError(13, "Permission denied", "/a"), 2, "/a: Permission denied."),
        (PermissionError(13, "Permission denied", b"/\xff"), 2, "/\\xff: Permission denied."),
        (OSError(28, "No space left on device"), 2, "The output: No space left on device."),
        (BrokenPipeError(), 2, "has ended"),
        (MemoryError(), 2, "not enough memory"),
        (TypeError("x"), 2, "a fault of the program"),
        (KeyboardInterrupt(), 130, "Stopped."),
        (SystemExit(2), 2, ""),
        (SystemExit(0), 0, ""),
        (SystemExit(), 0, ""),
    ],
)
def test_what_went_wrong_is_said(error, code, said, capsys):
    assert run(error) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_result_is_handed_on():
    assert terminal.run("kneeoa", lambda: 1, stopped="") == terminal.SOME_FAILED


def test_a_name_cannot_steer_the_terminal():
    shown = terminal.printable("a\x1b[2Jb\u202ec\udcfcd\ud800e\r\nf")
    assert shown == "a\\x1b[2Jb\\u202ec\\xfcd\\ud800e\\r\nf"


def test_after_stopping_a_second_signal_ends_the_process_quietly():
    import signal

    before = signal.getsignal(signal.SIGINT)
    try:
        run(KeyboardInterrupt())
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_said_where_nobody_can_be_told(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    monkeypatch.setattr("sys.stdout", None)
    assert run(DataError("x")) == 2
