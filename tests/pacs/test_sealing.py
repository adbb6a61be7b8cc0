"""What waits for an archive is encrypted as saved cases are."""

import pytest

from kneeoa.errors import ConfigError, KneeOAError
from kneeoa.pacs.sealing import PLAIN, cipher_of
from kneeoa.store.cases.settings import SECRET


def test_what_waits_is_encrypted_with_the_secret_of_the_case_list():
    first, second = (cipher_of({SECRET: letter * 64}) for letter in "ab")
    kept = first.seal(b"a report", "its name")
    assert first.encrypts
    assert b"a report" not in kept
    assert first.opened(kept, "its name") == b"a report"
    for cipher, name in ((second, "its name"), (first, "another")):
        with pytest.raises(KneeOAError, match=r"another key|damaged"):
            cipher.opened(kept, name)


def test_without_a_secret_it_is_not_and_one_that_is_none_is_said():
    assert cipher_of({}) is PLAIN
    with pytest.raises(ConfigError, match="64 hexadecimal digits"):
        cipher_of({SECRET: "short"})
