"""Archives behind TLS: certificates are checked, and a handshake has an end, too."""

import datetime
import ipaddress
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kneeoa.pacs.problems import LostError, NotThereError
from kneeoa.pacs.query import Search
from kneeoa.pacs.web import Web
from tests.support.archive import PATIENT, film, lying, running_archive, server_at

SEARCH = Search(patient_id=PATIENT)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine that nobody has signed, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "archive")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "archive.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    (folder / "archive.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, plain[1], plain[0])
    )
    return folder / "archive.pem", folder / "archive.key"


def test_a_certificate_is_checked(certificate):
    with running_archive(film()) as archive:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        archive.socket = context.wrap_socket(archive.socket, server_side=True)
        url = archive.url.replace("http://", "https://")
        with pytest.raises(LostError, match="certificate does not stand for it"):
            Web(server_at(url)).find(SEARCH)
        with pytest.raises(NotThereError, match="certificate does not stand for it"):
            Web(server_at(url)).store(film())
        with pytest.raises(LostError, match="certificate does not stand for it"):
            other = url.replace("127.0.0.1", "localhost")
            Web(server_at(other, authority=str(certificate[0]))).find(SEARCH)
        known = server_at(url, authority=str(certificate[0]))
        (one,) = Web(known).films(Web(known).find(SEARCH).series)
        assert one.data == film()
        assert Web(server_at(url, verify=False)).find(SEARCH).series


def test_a_handshake_that_never_comes_has_an_end():
    with lying(lambda _: time.sleep(30)) as url, pytest.raises(LostError, match="did not finish"):
        Web(server_at(url.replace("http://", "https://"), answer_seconds=0.5)).find(SEARCH)
