"""A ZIP that somebody uploaded: what is in it, and what is refused before it is unpacked."""

import io
import struct
import zipfile

import numpy as np
import pytest

from kneeoa.errors import DataError
from kneeoa.wording import plain
from kneeoa.zipped import arrays_in, open_zip
from tests.support.zips import zipped


def test_files_come_by_their_path_and_are_unpacked_when_asked_for():
    found = open_zip(zipped({"a/b.png": b"film", "a/": b"", "c.txt": b"text"}))
    assert list(found) == ["a/b.png", "c.txt"]
    assert (found["a/b.png"].name, found["a/b.png"].size) == ("b.png", 4)
    assert found["a/b.png"].read_bytes() == b"film"


def test_what_a_desktop_leaves_in_a_zip_is_passed_over():
    names = ("__MACOSX/a/._b.png", "a/.DS_Store", ".hidden/x.png", "a/b.png")
    assert list(open_zip(zipped(dict.fromkeys(names, b"x")))) == ["a/b.png"]


def test_folders_of_windows_are_folders():
    data = zipped({"a_b.png": b"x"}).replace(b"a_b.png", rb"a\b.png")
    assert list(open_zip(data)) == ["a/b.png"]


@pytest.mark.parametrize(
    "name",
    [
        *("a/Icon\r", "a/\u200emueller.png", "a/b\u00a0c.png", "a/\u00adb.png", "a\u2028b.png"),
        *("10:30 knee.png", "a/b\x07.png", "a\nb.png", "\u041c\u0430\u0440\u0438\u044f.png"),
        "Мария.png".encode("cp1251").decode("cp437"),
    ],
)
def test_unusual_names_are_taken_and_shown_as_they_can_be(name):
    packed = open_zip(zipped({"fine.png": b"x", name: b"film"}))
    assert packed[name].read_bytes() == b"film"
    assert "\n" not in packed[name].shown
    assert plain(packed[name].shown) == packed[name].shown


@pytest.mark.parametrize("name", ["../b.png", "a/../../b.png", "/etc/b.png", "C:/b.png", "c:b.png"])
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(DataError, match="inside the ZIP"):
        open_zip(zipped({"fine.png": b"x", name: b"x"}))


@pytest.mark.parametrize("name", ["a/" * 51 + "b.png", "a" * 1001])
def test_a_path_longer_or_deeper_than_any_is_refused_in_a_short_sentence(name):
    # Of thousands of such names, each part is an object: a small ZIP would take gigabytes.
    assert list(open_zip(zipped({"a/" * 50 + "b.png": b"x"})))
    with pytest.raises(DataError, match="at most 1000 letters and 50 folders") as refused:
        open_zip(zipped({name: b"x"}))
    assert len(str(refused.value)) < 300


def test_a_name_with_a_nul_is_not_cut_off_there():
    data = zipped({"a.png_x.txt": b"x"}).replace(b"a.png_x", b"a.png\0x")
    with pytest.raises(DataError, match="inside the ZIP"):
        open_zip(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"no zip", b"PK\x03\x04" + bytes(200), zipped({"a": b"x"})[:-9]],
    ids=["empty", "no zip", "zeros", "cut off"],  # a ZIP holds the time, which must be in no name
)
def test_what_is_no_zip_is_refused(data):
    with pytest.raises(DataError, match="Expected a ZIP"):
        open_zip(data)


def test_a_bomb_is_not_unpacked():
    data = zipped({f"{number}.png": bytes(1_000_000) for number in range(10)})
    assert len(data) < 20_000
    with pytest.raises(DataError, match="at most 5 MB"):
        open_zip(data, most_bytes=5_000_000)


def test_a_bomb_that_understates_itself_gives_no_more_than_it_says():
    data = zipped({"a.png": bytes(1_000_000)})
    claimed = data.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 10))
    assert claimed != data
    with pytest.raises(DataError, match="damaged"):
        open_zip(claimed)["a.png"].read_bytes()


def test_too_many_files_are_refused():
    with pytest.raises(DataError, match="at most 20 files"):
        open_zip(zipped({str(number): b"" for number in range(21)}), most_files=20)


def test_a_file_that_is_there_twice_is_refused():
    data = zipped({"a.png": b"x", "b.png": b"x"}).replace(b"b.png", b"a.png")
    with pytest.raises(DataError, match="twice"):
        open_zip(data)


def test_a_password_and_other_ways_of_packing_are_refused():
    with pytest.raises(DataError, match="usual way"):
        open_zip(zipped({"a.png": b"x" * 100}, zipfile.ZIP_LZMA))
    data = bytearray(zipped({"a.png": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DataError, match="without a password"):
        open_zip(bytes(data))


def test_damage_is_said_of_the_file_that_has_it():
    data = bytearray(zipped({"a.png": b"film" * 100}, zipfile.ZIP_STORED))
    data[data.index(b"film")] ^= 1
    with pytest.raises(DataError, match=r"a.png in the ZIP is damaged"):
        open_zip(bytes(data))["a.png"].read_bytes()


def packed(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_arrays_come_as_numpy_wrote_them():
    plain = np.arange(12, dtype=np.float32).reshape(4, 3)
    arrays = {"a/kernel": plain, "turned": np.asfortranarray(plain), "one": plain[0, :1]}
    arrays |= {"none": plain[:0], "number": np.float32(3)}
    found = arrays_in(packed(**arrays), most_bytes=10_000)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].shape == np.shape(array)


HEADER = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n"


@pytest.mark.parametrize(
    "header",
    [
        HEADER % ("<f4", "(1000000000, 1000000000)"),  # NumPy has no room for it
        HEADER % ("<f4", f"({10**30}, 5)"),  # nor a number
        HEADER % ("<f4", "(-1, 5)"),
        HEADER % ("<f4", "(2, 5)"),  # longer than the content
        HEADER % ("<f4", "(1, 4)"),
        HEADER % ("|O", "(1, 5)"),
        HEADER % ("<f8", "(1, 5)"),
        "-" * 9000 + "1",  # which ends Python's parser for want of memory
        "(" * 9000,
        "",
    ],
)
def test_what_an_array_says_of_itself_is_not_believed(header):
    content = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() + bytes(20)
    with pytest.raises(DataError, match="plain numbers"):
        arrays_in(zipped({"kernel.npy": content}), most_bytes=10_000)


def test_what_is_no_array_or_too_much_is_refused():
    with pytest.raises(DataError, match="plain numbers"):
        arrays_in(zipped({"kernel": b"x"}), most_bytes=10_000)
    with pytest.raises(DataError, match="Expected at most 0 MB"):
        arrays_in(packed(a=np.zeros(9000, np.float32)), most_bytes=10_000)
