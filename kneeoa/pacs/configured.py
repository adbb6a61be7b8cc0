"""The owner's settings of archives and receiver, read from a file or variables, and checked."""

import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kneeoa.environment import injected
from kneeoa.errors import ConfigError
from kneeoa.files import read_regular
from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs.fields import Fields
from kneeoa.pacs.settings import FILE, URL, Pacs, Receiver, Secret, Server, Station

ONLY = "PACS"
"""What the one archive is called that variables describe."""
_LONGEST_FILE = 200_000
_HOST = re.compile(r"[0-9A-Za-z._:-]{1,253}")


def pacs_from(environment: Mapping[str, str] | None = None, *, folder: str = "") -> Pacs:
    """Return what the environment configures: a file that ``KNEEOA_PACS`` names, or variables.

    `folder` is where pushed films wait instead of where is configured. Raises `ConfigError` where
    something cannot work, or is said to nobody; no message quotes a secret.
    """
    environment = os.environ if environment is None else environment
    foreign = injected(environment)
    environment = {name: text for name, text in environment.items() if name not in foreign}
    given = [name for name, text in environment.items() if _OURS.match(name) and text.strip()]
    if not environment.get(FILE, "").strip():
        return _from_variables(environment, given, folder)
    if URL in given:
        raise ConfigError(f"Expected {FILE} or {URL}. Both are set: keep one of them.")
    pacs = _from_file(Path(environment[FILE].strip()), folder)
    secrets = [secret for server in pacs.servers for secret in (server.password, server.token)]
    named = {secret.variable for secret in secrets if secret}
    if alone := sorted(set(given) - named):
        raise ConfigError(
            f"Expected all about archives and receiver in the file that {FILE} names. "
            f"{', '.join(alone)}, beside it, would count for nothing: put it into the file."
        )
    return pacs


def _from_file(file: Path, folder: str) -> Pacs:
    try:
        text = read_regular(file, _LONGEST_FILE).decode("utf-8-sig")
        is_json = file.suffix.lower() == ".json"
        content = json.loads(text, object_pairs_hook=_once) if is_json else tomllib.loads(text)
    except OSError as problem:
        raise ConfigError(
            f"Expected the settings of the archive in {file}, which {FILE} names. It cannot be "
            f"read: {problem.strerror}."
        ) from None
    except (ValueError, RecursionError):
        # Not quoted: it may hold what was never meant to be here.
        raise ConfigError(f"Expected TOML, or JSON in a file *.json. {file} is neither.") from None
    if not isinstance(content, dict):
        raise ConfigError(f"Expected the tables servers and receiver in {file}. Found neither.")
    fields = Fields(content, str(file))
    tables = fields.table("servers")
    given = {
        name: Fields(tables.table(name).content, f"servers.{name} of {file}")
        for name in tables.content
    }
    classic = {name for name, table in given.items() if _is_classic(table)}
    servers = tuple(_server(name, table) for name, table in given.items() if name not in classic)
    stations = tuple(_station(name, given[name]) for name in given if name in classic)
    receiver = None
    if "receiver" in content:
        where = f"receiver of {file}"
        receiver = _receiver(Fields(fields.table("receiver").content, where), folder)
    fields.refuse_the_rest()
    return Pacs(servers, stations, receiver)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, which TOML refuses by itself where it says a thing twice."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ConfigError("Expected each name once in the settings (JSON). One is there twice.")
    return content


_VARIABLES = {
    "user": "KNEEOA_PACS_USER",
    "password_file": "KNEEOA_PACS_PASSWORD_FILE",
    "token_file": "KNEEOA_PACS_TOKEN_FILE",
    "authority": "KNEEOA_PACS_CA",
}
_SECRETS = {"password_env": "KNEEOA_PACS_PASSWORD", "token_env": "KNEEOA_PACS_TOKEN"}
_UNENCRYPTED = "KNEEOA_PACS_UNENCRYPTED"
_PORT, _TITLE, _FOLDER = "KNEEOA_RECEIVER_PORT", "KNEEOA_RECEIVER_TITLE", "KNEEOA_RECEIVER_FOLDER"
_KINDS = {
    URL: (*_VARIABLES.values(), *_SECRETS.values(), _UNENCRYPTED),
    _PORT: (_TITLE, _FOLDER),
}
"""What is said by variables, by that without which it is said of nothing."""
_OURS = re.compile(r"KNEEOA_(PACS|RECEIVER)_")


def _expect_known(given: Sequence[str]) -> None:
    """Raise `ConfigError` for a variable that would be passed over: mistyped, or of nothing."""
    for name in given:
        kind = next((kind for kind, names in _KINDS.items() if name in (kind, *names)), None)
        if kind is None:
            known = sorted(name for kind, names in _KINDS.items() for name in (kind, *names))
            raise ConfigError(
                f"Expected of archives and receiver no variable but {', '.join(known)}. Found "
                f"{name}: check the spelling, or say it in a file that {FILE} names."
            )
        if kind not in given:
            raise ConfigError(f"Expected {kind} beside {name}, which says nothing without it.")


def _from_variables(environment: Mapping[str, str], given: Sequence[str], folder: str) -> Pacs:
    def setting(name: str) -> str:
        return environment.get(name, "").strip()

    _expect_known(given)
    servers: tuple[Server, ...] = ()
    receiver = None
    if setting(URL):
        content: dict[str, Any] = {"url": setting(URL)}
        content |= {key: setting(name) for key, name in _VARIABLES.items() if setting(name)}
        content |= {key: name for key, name in _SECRETS.items() if setting(name)}
        if setting(_UNENCRYPTED) == "1":
            content["unencrypted"] = True
        servers = (_server(ONLY, Fields(content, "the variables KNEEOA_PACS_*")),)
    if setting(_PORT):
        port = setting(_PORT)
        content = {"port": int(port) if port.isdecimal() and port.isascii() else port}
        content |= {"ae_title": setting(_TITLE)} if setting(_TITLE) else {}
        content |= {"folder": setting(_FOLDER)} if setting(_FOLDER) else {}
        receiver = _receiver(Fields(content, "the variables KNEEOA_RECEIVER_*"), folder)
    return Pacs(servers, receiver=receiver)


def _is_classic(fields: Fields) -> bool:
    """Return whether an archive is one to which reports go by C-STORE."""
    return "host" in fields.content and "url" not in fields.content


def _station(name: str, fields: Fields) -> Station:
    _check_name(name, fields)
    station = Station(
        name=name,
        host=fields.text("host"),
        port=fields.whole("port", 104, 1, 65535),
        ae_title=_title(fields.text("ae_title"), fields.where),
        own_title=_title(fields.text("own_title") or "KNEEOA", fields.where),
        connect_seconds=fields.number("connect_seconds", 5, 0.1, 120),
        transfer_seconds=fields.number("transfer_seconds", 120, 0.1, 3600),
    )
    unencrypted = fields.yes("unencrypted", False)
    fields.refuse_the_rest()
    if not _HOST.fullmatch(station.host):
        raise ConfigError(f"Expected a host's name or address as host in {fields.where}.")
    if not unencrypted and not _is_here(station.host):
        raise ConfigError(
            f"Expected unencrypted = true in {fields.where}: reports sent by C-STORE can be read "
            "on the way. Say it where the network is trusted, or name the archive's DICOMweb "
            "service as url."
        )
    return station


def _check_name(name: str, fields: Fields) -> None:
    if not name or len(name) > 40 or not name.isprintable():
        raise ConfigError(f"Expected a name of 1 to 40 letters for {fields.where[:80]}.")


def _server(name: str, fields: Fields) -> Server:
    _check_name(name, fields)
    server = Server(
        name=name,
        url=_url(fields),
        user=fields.text("user"),
        password=_secret(fields, "password"),
        token=_secret(fields, "token"),
        authority=fields.text("authority"),
        verify=fields.yes("verify", True),
        sends=fields.yes("sends", True),
        connect_seconds=fields.number("connect_seconds", 5, 0.1, 120),
        answer_seconds=fields.number("answer_seconds", 30, 0.1, 600),
        transfer_seconds=fields.number("transfer_seconds", 120, 0.1, 3600),
    )
    fields.refuse_the_rest()
    if bool(server.user) != (server.password is not None) or (server.user and server.token):
        raise ConfigError(
            f"Expected in {fields.where} either user with password_file or password_env, or "
            "token_file or token_env, or none of them."
        )
    if server.authority and not Path(server.authority).is_file():
        raise ConfigError(
            f"Expected certificates (PEM) in {server.authority}, named as authority in "
            f"{fields.where}. There is no such file."
        )
    return server


def _url(fields: Fields) -> str:
    text = fields.text("url").rstrip("/")
    unencrypted = fields.yes("unencrypted", False)
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for what is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isascii():
        raise ConfigError(
            f"Expected url in {fields.where} as https://HOST/PATH or https://HOST:PORT/PATH."
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            f"Expected an address alone as url in {fields.where}, without user, password or "
            "parameters. Give user and password_file beside it."
        )
    if parts.scheme == "http" and not unencrypted and not _is_here(parts.hostname):
        raise ConfigError(
            f"Expected https:// in {fields.where}: over http:// films and passwords can be read on "
            "the way. Say unencrypted = true (KNEEOA_PACS_UNENCRYPTED=1) where the network is "
            "trusted."
        )
    return text


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(fields: Fields, name: str) -> Secret | None:
    if name in fields.content:
        raise ConfigError(
            f"Expected {name}_file or {name}_env in {fields.where}: the {name} itself does not "
            "belong into the settings."
        )
    variable, file = fields.text(f"{name}_env"), fields.text(f"{name}_file")
    if variable and file:
        raise ConfigError(f"Expected {name}_file or {name}_env in {fields.where}. Found both.")
    return Secret(variable, file) if variable or file else None


def _receiver(fields: Fields, folder: str) -> Receiver:
    configured = fields.text("folder")
    folder = folder or (str(Path(configured).expanduser()) if configured else "")
    # In memory there is less room than on a disk.
    room = 5000 if folder else Receiver().most_bytes / MEGABYTE
    receiver = Receiver(
        ae_title=_title(fields.text("ae_title") or "KNEEOA", fields.where),
        address=fields.text("address") or "127.0.0.1",
        port=fields.whole("port", 11112, 0, 65535),
        callers=tuple(_title(caller, fields.where) for caller in fields.texts("callers")),
        in_dashboard=fields.yes("in_dashboard", True),
        folder=folder,
        most_films=fields.whole("most_films", 500, 1, 100_000),
        most_bytes=round(fields.number("most_mb", room, 1, 1_000_000) * MEGABYTE),
        largest=round(fields.number("largest_mb", 100, 0.01, 100) * MEGABYTE),
        film_seconds=fields.number("film_seconds", 120, 0.1, 3600),
        idle_seconds=fields.number("idle_seconds", 60, 0.1, 3600),
        connections=fields.whole("connections", 3, 1, 32),
    )
    fields.refuse_the_rest()
    try:
        ipaddress.ip_address(receiver.address)
    except ValueError:
        raise ConfigError(
            f"Expected address in {fields.where} as a network address of this machine, such as "
            "127.0.0.1."
        ) from None
    if not receiver.in_dashboard and not receiver.folder:
        raise ConfigError(
            f"Expected a folder in {fields.where}: with in_dashboard = false the dashboard takes "
            "films from there."
        )
    return receiver


def _title(text: str, where: str) -> str:
    if not 0 < len(text.strip()) <= 16 or not text.isascii() or not text.isprintable():
        raise ConfigError(f"Expected titles (AE) of 1 to 16 plain letters in {where}.")
    if "\\" in text:
        raise ConfigError(f"Expected titles (AE) without a backslash in {where}.")
    return text.strip()
