"""How what waits here is encrypted: given from outside, because the key is the case list's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kneeoa.errors import KneeOAError


@dataclass(frozen=True, slots=True)
class Cipher:
    """What encrypts, by two functions of bytes and of the name that they stand under.

    Attributes
    ----------
    seal, opened : there and back; `opened` raises a `KneeOAError` where it cannot
    encrypts : whether there is a key at all; without one what waits lies as it is
    """

    seal: Callable[[bytes, str], bytes]
    opened: Callable[[bytes, str], bytes]
    encrypts: bool = True

    def plain(self, content: bytes, name: str, *, sealed: bool) -> bytes:
        """Return what was kept under a name, `sealed` or as it is; raises as `opened`."""
        return self.opened(content, name) if sealed else content


def _cannot_open(content: bytes, name: str) -> bytes:
    raise KneeOAError(
        "Expected the key that this was encrypted with. The server runs without one: start it with "
        "the key of the case list."
    )


PLAIN = Cipher(lambda content, name: content, _cannot_open, encrypts=False)
"""Where the owner configured no key."""


def cipher_of(environment: Mapping[str, str]) -> Cipher:
    """Return what encrypts that which waits, as cases are; `ConfigError` for what is no secret."""
    from kneeoa.store.cases import sealed, settings

    key = settings.secret_from(environment)
    if key is None:
        return PLAIN
    return Cipher(
        lambda content, name: sealed.seal(content, name, key),
        lambda content, name: sealed.opened(content, name, key),
    )
