"""Sentences for what a database can refuse; none of them names a password."""

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, TimeoutError

_POSTGRES = {
    "08": "The connection was lost. Try again in a moment.",
    "28": "It refuses this user or password. Check them in KNEEOA_DATABASE_URL.",
    "3D": "It has no such database. Create it there (createdb), or name another.",
    "25": "It can be read only. Name a server that takes changes.",
    "40": "Another change came in between. Try again.",
    "42501": "This user may not do that there. Give it the right to create and change tables.",
    "53": "It has no connection, memory or disk left. Try again, or see to the server.",
    "55P03": "Another program holds a lock for too long. Try again.",
    "57": "It is starting, stopping or has broken off. Try again in a moment.",
    "58": "Its disk or system fails. See to the server.",
    "XX": "Its data are damaged. See to the server.",
}
"""By SQLSTATE, or its class of two characters."""

_SQLITE = {
    "SQLITE_BUSY": "Another program has held it for too long. End that, or try again.",
    "SQLITE_LOCKED": "Another program has held it for too long. End that, or try again.",
    "SQLITE_CANTOPEN": "It cannot be opened. Name a file in a folder that can be written.",
    "SQLITE_READONLY": "It can be read only. Make the file and its folder writable.",
    "SQLITE_PERM": "It can be read only. Make the file and its folder writable.",
    "SQLITE_IOERR": "The disk fails or is full. Free some space, or name another file.",
    "SQLITE_FULL": "The disk is full. Free some space, or name another file.",
    "SQLITE_NOTADB": "The file is none, or damaged. Move it away, or name another.",
    "SQLITE_CORRUPT": "The file is damaged. Move it away, or put a backup in its place.",
}
"""By the name of the result code, or how the extended ones begin."""


def name_of(url: URL) -> str:
    """Return what a message calls a database: where it is, and neither user nor password."""
    if url.get_backend_name() == "sqlite":
        return f"the SQLite file {url.database}"
    port = f":{url.port}" if url.port else ""
    return f"the PostgreSQL database {url.database or ''} on {url.host or 'this machine'}{port}"


def breaks_constraint(problem: Exception) -> bool:
    """Whether what was written does not fit what is there; pg8000 says so of keys alone."""
    return _sqlstate(problem).startswith("23")


def sentence_for(url: URL, problem: Exception) -> str | None:
    """Return what to say of `problem`, or None where it is a bug and must surface."""
    advice = _advice(problem)
    return advice and f"Expected to work with {name_of(url)}. {advice}"


def _advice(problem: BaseException) -> str | None:
    if isinstance(problem, TimeoutError):
        return "Too many use it at once, or one for too long. Try again in a moment."
    if isinstance(problem, OSError):
        return f"It cannot be reached: {problem.strerror or type(problem).__name__}."
    if not isinstance(problem, DBAPIError):
        return None
    if name := getattr(problem.orig, "sqlite_errorname", None):
        return next((text for code, text in _SQLITE.items() if name.startswith(code)), None)
    if state := _sqlstate(problem):
        return _POSTGRES.get(state) or _POSTGRES.get(state[:2])
    if isinstance(problem, InterfaceError):
        return "The server cannot be reached. Check that it runs, and its address."
    return None


def _sqlstate(problem: BaseException) -> str:
    # Where a server refuses and hangs up, pg8000 trips over hanging up; why is what lies behind.
    error = getattr(problem, "orig", None)
    while error is not None:
        if error.args and isinstance(error.args[0], dict):
            return error.args[0].get("C", "")
        error = error.__cause__ or error.__context__
    return ""
