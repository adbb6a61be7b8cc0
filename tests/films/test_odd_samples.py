"""DICOM samples that are other than the header says: bits, signs, overlays, tables, windows."""

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.lut import read_table
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from tests.support.films import dicom_dataset, dicom_file, encapsulated, recompressed
from tests.support.odd_films import DEEP, FILM, WINDOW, deep_dataset, is_like, read, table, without

LOSSLESS = ["JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless", "RLELossless"]


def in_high_bits(*, filled=False):
    """An overlay in the unused bits: lettering, a ruler and a box, or one large filled box."""
    over = np.zeros(FILM.shape, np.uint16)
    if filled:
        over[60:200, 30:160] = 1 << 15
    else:
        over[20:60:4, 20:90] = 1 << 12
        over[::10, 200:210] = 1 << 14
        over[100:180, 100] = 1 << 15
    return over


def j2k(values, dataset):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    return encapsulated(dataset, stream.getvalue(), JPEG2000Lossless)


@pytest.mark.parametrize("filled", [False, True])
def test_an_overlay_in_unused_bits_is_not_part_of_the_film(filled):
    odd = deep_dataset(DEEP | in_high_bits(filled=filled))
    radiograph = read(odd)
    assert np.array_equal(radiograph.pixels, read(deep_dataset()).pixels)
    assert (radiograph.bits, radiograph.notes) == (12, ())
    bare = without(odd, *WINDOW)
    assert np.array_equal(read(bare).pixels, read(without(deep_dataset(), *WINDOW)).pixels)


@pytest.mark.parametrize("filled", [False, True])
def test_an_overlay_is_left_out_after_jpeg_2000_too(filled):
    odd = j2k(DEEP | in_high_bits(filled=filled), deep_dataset())
    assert np.array_equal(read(odd).pixels, read(deep_dataset()).pixels)


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_an_overlay_is_left_out_after_lossless_decoding(syntax, tmp_path):
    sixteen = dicom_file(dicom_dataset(DEEP | in_high_bits(), bits=16, **WINDOW))
    odd = recompressed(sixteen, syntax, tmp_path)
    for keyword, said, meant in (("Stored", 16, 12), ("High", 15, 11)):
        tag = {"Stored": b"\x28\0\x01\x01US\2\0", "High": b"\x28\0\x02\x01US\2\0"}[keyword]
        odd = odd.replace(tag + bytes([said, 0]), tag + bytes([meant, 0]))
    assert np.array_equal(read(odd).pixels, read(deep_dataset()).pixels)


@pytest.mark.parametrize("factor", [40, 60, 257])
def test_a_film_of_more_bits_than_bits_stored_is_shown_whole(factor):
    values = FILM.astype(np.uint16) * factor  # up to 10200, 15300 and 65535
    odd = without(deep_dataset(values), *WINDOW)
    radiograph = read(odd)
    assert is_like(radiograph.pixels)
    assert radiograph.bits == 16
    assert "BitsStored" in " ".join(radiograph.notes)
    # A window for the bits that are stored shows next to nothing of it, and is not used.
    if factor == 257:
        assert is_like(read(deep_dataset(values)).pixels)


def test_bits_of_which_nothing_tells_what_they_are_are_named():
    columns = np.arange(224)
    overlaid = 1000 + columns * 8 | (columns // 14 % 2) << 15
    climbing = columns * 280
    odd = np.where(columns < 112, overlaid, climbing)[None].repeat(224, axis=0)
    with pytest.raises(RadiographError, match="BitsStored"):
        read(dicom_dataset(odd, bits=12))


def test_samples_at_the_upper_end_of_their_bytes_are_moved():
    left_aligned = without(deep_dataset(DEEP << 4, HighBit=15), "PixelRepresentation")
    assert np.array_equal(read(left_aligned).pixels, read(deep_dataset()).pixels)


@pytest.mark.parametrize("bits", [10, 12, 14, 15])
def test_so_they_are_where_nothing_says_so(bits):
    values = FILM.astype(np.uint32) * (2**bits - 1) // 255
    tags = {"bits": bits, "WindowCenter": str(2 ** (bits - 1)), "WindowWidth": str(2**bits)}
    radiograph = read(deep_dataset(values << (16 - bits), **tags))
    assert np.array_equal(radiograph.pixels, read(deep_dataset(values, **tags)).pixels)
    assert "BitsStored" in " ".join(radiograph.notes)


SIGNED = DEEP.astype(np.int16) - 2048
AROUND_ZERO = {"WindowCenter": "0", "WindowWidth": "4096"}


def test_negative_numbers_with_and_without_their_upper_bits():
    whole = read(deep_dataset(SIGNED, signed=True, **AROUND_ZERO)).pixels
    cut = deep_dataset(SIGNED & 0x0FFF, signed=True, **AROUND_ZERO)
    assert np.array_equal(read(cut).pixels, whole)
    overlaid = deep_dataset(SIGNED & 0x0FFF | in_high_bits().astype(np.int16), signed=True)
    overlaid.WindowCenter = "0"
    assert np.array_equal(read(overlaid).pixels, whole)
    assert is_like(whole)


def test_a_sign_that_the_header_forgets_or_invents():
    plain = read(deep_dataset(SIGNED, signed=True, **AROUND_ZERO))
    forgotten = read(deep_dataset(SIGNED & 0x0FFF, **AROUND_ZERO))
    assert np.array_equal(forgotten.pixels, plain.pixels)
    assert "PixelRepresentation" in forgotten.notes[0]
    invented = read(deep_dataset(DEEP, PixelRepresentation=1))
    assert np.array_equal(invented.pixels, read(deep_dataset()).pixels)
    assert "PixelRepresentation" in invented.notes[0]


@pytest.mark.parametrize("background", [0, 40])
def test_white_lettering_on_black_makes_no_film_signed(background):
    film = np.clip(DEEP // 2, background + 1, None)
    film[:, :60] = background
    film[20:200:4, 5:50] = 4095 - background
    plain = read(without(deep_dataset(film), *WINDOW))
    assert plain.notes == ()
    assert is_like(plain.pixels[:, 60:], FILM[:, 60:])


def test_numbers_do_not_wrap():
    bright = dicom_dataset(FILM, RescaleSlope="-3", RescaleIntercept="200", WindowCenter="-182.5")
    bright.WindowWidth = "766"
    assert is_like(255 - read(bright).pixels)
    negative = dicom_dataset(
        FILM.astype(np.int16) - 128, signed=True, RescaleSlope="1", RescaleIntercept="1000"
    )
    assert is_like(read(negative).pixels)
    far = deep_dataset(SIGNED, signed=True, ModalityLUTSequence=[])
    entries = np.arange(4096) * 16
    far.ModalityLUTSequence = [table(entries, declared=16, first=-2048)]
    far.WindowCenter, far.WindowWidth = "32768", "65536"
    assert np.abs(read(far).pixels - read(deep_dataset()).pixels).max() < 1


def test_one_half_of_a_rescale_is_enough():
    doubled = without(deep_dataset(RescaleSlope="2", WindowCenter="4096"), "WindowWidth")
    doubled.WindowWidth = "8192"
    assert np.abs(read(doubled).pixels - read(deep_dataset()).pixels).max() < 1
    assert is_like(read(deep_dataset(RescaleSlope="0", RescaleIntercept="0")).pixels)


@pytest.mark.parametrize("value", [-1, 65535, 4095])
def test_padding_lies_where_any_reading_of_its_value_does(value):
    padded = DEEP.copy()
    padded[:, :40] = value % 65536
    odd = deep_dataset(padded)
    odd.add_new("PixelPaddingValue", "SS" if value < 0 else "US", value)
    shown = read(odd).pixels
    assert not shown[:, :40].any()
    assert np.array_equal(shown[:, 40:], read(deep_dataset()).pixels[:, 40:])


@pytest.mark.parametrize(("value", "signed"), [(0x4006, False), (0x9001 - 65536, True)])
def test_padding_of_a_big_endian_file_is_found_in_its_order_of_bytes(value, signed):
    film = (SIGNED if signed else DEEP).astype(np.int32)
    # With its bytes swapped, the value is one of the film's own.
    assert (film == (0x0190 if signed else 0x0640)).any()
    film[:60] = value
    tags = {"bits": 16, "signed": signed, "PixelPaddingValue": value}
    little = dicom_dataset(film, **tags)
    big = dicom_dataset(film, **tags)
    big.PixelData = film.astype(">i2" if signed else ">u2").tobytes()
    big.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    shown = read(big).pixels
    assert np.array_equal(shown, read(little).pixels)
    assert not shown[:60].any()
    cleaned = deidentified(dicom_file(big), Pseudonyms(b"k" * 32))
    assert np.array_equal(read(cleaned).pixels, shown)


def test_padding_under_an_overlay_is_found_without_the_patient_too():
    padded = DEEP.copy()
    padded[:, :40] = 4000
    odd = without(deep_dataset(padded | in_high_bits(filled=True), PixelPaddingValue=4000), *WINDOW)
    odd[0x7FE0, 0x0010].value = (padded | (1 << 15)).astype("<u2").tobytes()
    odd.VOILUTSequence = [table(np.arange(4096), declared=12)]
    shown = read(odd).pixels
    assert not shown[:, :40].any()
    cleaned = deidentified(dicom_file(odd), Pseudonyms(b"k" * 32))
    assert np.abs(read(cleaned).pixels - shown).max() < 1


def test_a_voi_table_is_as_bright_as_its_entries():
    entries = (np.arange(4096) / 4095) ** 0.8 * 4095
    shown = {
        declared: read(
            without(
                deep_dataset(VOILUTSequence=[table(entries.round(), declared=declared)]), *WINDOW
            )
        ).pixels
        for declared in (8, 10, 12, 14, 16)
    }
    assert shown[12].max() >= 250
    for declared in (8, 10, 14, 16):
        assert np.array_equal(shown[declared], shown[12])


@pytest.mark.parametrize("declared", [8, 10, 12, 14, 16])
def test_a_modality_table_of_any_declared_bits(declared):
    odd = deep_dataset(ModalityLUTSequence=[table(np.arange(4096), declared=declared)])
    assert np.abs(read(odd).pixels - read(deep_dataset()).pixels).max() < 0.1


def test_tables_are_read_in_every_form():
    entries = np.arange(256)[::-1]
    in_words = table(entries, declared=8)
    in_bytes = table(entries, declared=8)
    in_bytes.LUTData = entries.astype(np.uint8).tobytes()
    as_numbers = table(entries, declared=8)
    as_numbers.LUTData = entries.tolist()
    as_numbers["LUTData"].VR = "US"
    two_to_a_number = table(entries, declared=8)
    two_to_a_number.LUTData = entries.astype(np.uint8).view("<u2").tolist()
    two_to_a_number["LUTData"].VR = "US"
    for item in (in_words, in_bytes, as_numbers, two_to_a_number):
        read_back = read_table(item, little_endian=True)
        assert (read_back.bits, read_back.first) == (8, 0)
        assert np.array_equal(read_back.entries, entries)
        assert np.array_equal(read_back.look_up(np.array([-7, 0, 255, 999])), [255, 255, 0, 0])


def test_an_entry_that_is_left_out_does_not_halve_those_of_two_bytes():
    entries = np.arange(4096) // 16
    for left_out in (1, 400):
        item = table(entries[:-left_out], declared=8)
        item.LUTDescriptor = [4096, 0, 8]
        read_back = read_table(item, little_endian=True)
        assert np.array_equal(read_back.entries, entries[:-left_out])
        assert read_back.missing == left_out


def test_half_a_table_of_numbers_is_not_two_to_a_number():
    half = table(np.arange(2048) // 16, declared=8)
    half.LUTData = (np.arange(2048) // 16).tolist()
    half["LUTData"].VR, half.LUTDescriptor = "US", [4096, 0, 8]
    assert read_table(half, little_endian=True).missing == 2048


@pytest.mark.parametrize("first", [-128, 65408])
def test_the_first_value_of_a_table_may_lack_its_sign(first):
    item = table(np.arange(256), declared=8)
    item.LUTDescriptor = [256, first, 8]
    values = np.array([-128, 0, 127], np.int16)
    assert np.array_equal(read_table(item, little_endian=True).look_up(values), [0, 128, 255])


def test_a_table_without_entries_is_named():
    item = table(np.arange(4096), declared=12)
    item.LUTData = b""
    with pytest.raises(RadiographError, match="ModalityLUTSequence"):
        read(deep_dataset(ModalityLUTSequence=[item]))


def test_a_table_that_ends_before_the_films_values_is_not_followed():
    short = table(np.arange(2000), declared=12)
    short.LUTDescriptor = [4096, 0, 12]
    plain = read(without(deep_dataset(), *WINDOW))
    odd = without(deep_dataset(VOILUTSequence=[short]), *WINDOW)
    assert np.array_equal(read(odd).pixels, plain.pixels)
    with pytest.raises(RadiographError, match="ModalityLUTSequence"):
        read(deep_dataset(ModalityLUTSequence=[short]))
    enough = deep_dataset(np.minimum(DEEP, 1999), ModalityLUTSequence=[short])
    assert is_like(read(enough).pixels, np.minimum(DEEP, 1999))


def test_of_several_windows_the_first_usable_one_counts():
    plain = read(deep_dataset()).pixels
    first = deep_dataset(WindowCenter=["2048", "1000"], WindowWidth=["4096", "500"])
    assert np.array_equal(read(first).pixels, plain)
    for centre, width in (("-9000", "10"), ("2048", "0")):
        second = deep_dataset(WindowCenter=[centre, "2048"], WindowWidth=[width, "4096"])
        assert np.array_equal(read(second).pixels, plain)
    broken = table(np.zeros(4096), declared=12)
    assert np.array_equal(read(deep_dataset(VOILUTSequence=[broken])).pixels, plain)


def test_a_window_for_more_bits_than_the_film_has_is_not_used():
    dark = deep_dataset(WindowCenter="32768", WindowWidth="65536")
    plain = read(without(deep_dataset(), *WINDOW))
    assert np.array_equal(read(dark).pixels, plain.pixels)
