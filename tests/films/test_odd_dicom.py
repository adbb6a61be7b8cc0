"""DICOM files as odd software writes them: header, transfer syntax and pixels that disagree."""

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from kneeoa.errors import RadiographError
from tests.support.films import (
    dicom_dataset,
    dicom_file,
    encapsulated,
    image_file,
    jpeg_2000_dicom,
    jpeg_dicom,
)
from tests.support.odd_films import DEEP, FILM, WINDOW, deep_dataset, is_like, read, without

DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"


def refusal(source):
    with pytest.raises(RadiographError) as caught:
        read(source)
    assert "SECRET" not in str(caught.value)
    return str(caught.value)


EMPTY = (
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept"),
    *("PixelSpacing", "PixelAspectRatio", "NumberOfFrames", "VOILUTFunction", "VOILUTSequence"),
    *("PresentationLUTShape", "ModalityLUTSequence", "BitsStored"),
)


@pytest.mark.parametrize("keyword", EMPTY)
def test_an_empty_attribute_counts_as_absent(keyword):
    odd = deep_dataset()
    setattr(odd, keyword, [] if keyword.endswith("Sequence") else None)
    assert np.array_equal(read(odd).pixels, read(deep_dataset()).pixels)


def test_an_empty_window_is_none():
    plain = without(deep_dataset(), "WindowCenter", "WindowWidth")
    empty = deep_dataset(WindowCenter=None, WindowWidth=None)
    assert np.array_equal(read(empty).pixels, read(plain).pixels)


@pytest.mark.parametrize(
    ("tags", "point", "comma"),
    [
        ({"RescaleSlope": "1.0", "RescaleIntercept": "0.0"}, b"1.0", b"1,0"),
        ({"WindowCenter": "2047.5"}, b"2047.5", b"2047,5"),
        ({"PixelSpacing": ["0.2", "0.4"]}, b"0.2\\0.4", b"0,2\\0,4"),
        ({"PixelSpacing": ["0.2", "0.4"]}, b"0.2\\0.4", b"0.2,0.4"),
    ],
)
def test_a_decimal_comma_is_a_point(tags, point, comma):
    data = dicom_file(deep_dataset(**tags))
    odd = read(data.replace(point, comma))
    assert np.array_equal(odd.pixels, read(data).pixels)
    assert odd.spacing == read(data).spacing


def test_a_number_that_is_none_is_named():
    data = dicom_file(deep_dataset(RescaleSlope="1.125", RescaleIntercept="0"))
    for none in (b"SECRE", b"nan  ", b"1e999"):
        assert "RescaleSlope" in refusal(data.replace(b"1.125", none))


@pytest.mark.parametrize(
    "keywords",
    [
        ["BitsStored"],
        ["BitsStored", "HighBit"],
        ["HighBit"],
        ["SamplesPerPixel"],
        ["BitsAllocated"],
        ["PixelRepresentation"],
        ["BitsAllocated", "SamplesPerPixel", "PixelRepresentation"],
    ],
)
def test_a_missing_attribute_with_one_possible_value_is_found(keywords):
    odd = without(deep_dataset(), *keywords)
    assert np.array_equal(read(odd).pixels, read(deep_dataset()).pixels)


@pytest.mark.parametrize("keyword", ["BitsAllocated", "BitsStored", "SamplesPerPixel"])
def test_a_compressed_film_says_itself_what_its_header_lacks(keyword):
    odd = without(dicom_dataset(FILM), keyword)
    stream = image_file(FILM, "JPEG", quality=95)
    assert np.array_equal(
        read(encapsulated(odd, stream, JPEGBaseline8Bit)).pixels, read(jpeg_dicom(FILM)).pixels
    )


def test_a_missing_attribute_that_is_open_is_named():
    assert "PhotometricInterpretation" in refusal(
        without(deep_dataset(), "PhotometricInterpretation")
    )
    colour = dicom_dataset(FILM, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    colour.PixelData = np.stack([FILM, FILM, FILM // 2], axis=-1).tobytes()
    assert "PlanarConfiguration" in refusal(colour)
    # White above half of the range, black below, and nothing between: signed or not?
    stripes = np.where(np.arange(224) // 16 % 2, 4000, 100)[:, None] + np.arange(224) // 8
    open_sign = without(deep_dataset(stripes), "PixelRepresentation")
    open_sign.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"  # computed radiography: may be signed
    assert "PixelRepresentation" in refusal(open_sign)


@pytest.mark.parametrize("term", ["MONOCHROME", "GRAYSCALE", "SECRET", "MONOCHROME1\\MONOCHROME2"])
def test_a_kind_of_grey_that_the_standard_has_not_is_named(term):
    odd = deep_dataset()
    odd.add_new("PhotometricInterpretation", "LO", term)
    assert "PhotometricInterpretation is a term of the standard" in refusal(odd)


def test_the_same_term_twice_is_that_term():
    odd = deep_dataset()
    odd.add_new("PhotometricInterpretation", "LO", "MONOCHROME2\\MONOCHROME2")
    assert np.array_equal(read(odd).pixels, read(deep_dataset()).pixels)


@pytest.mark.parametrize("keyword", ["Rows", "BitsStored", "BitsAllocated", "PixelRepresentation"])
@pytest.mark.parametrize("kind", ["LO", "SH", "DS", "IS"])
def test_a_number_that_is_written_as_text_is_read(keyword, kind):
    odd = deep_dataset()
    text = f"{odd[keyword].value} "
    odd.add_new(keyword, kind, text)
    odd["PixelData"].VR = "OW"
    assert np.array_equal(read(odd).pixels, read(deep_dataset()).pixels)


def test_the_presentation_says_which_end_is_white():
    inverse = deep_dataset(4095 - DEEP, PresentationLUTShape="INVERSE")
    odd = without(inverse, "PhotometricInterpretation")
    assert is_like(read(odd).pixels)


@pytest.mark.parametrize("end", [b"", bytes(8), bytes(64)], ids=["nothing", "nuls", "more nuls"])
@pytest.mark.parametrize("packed", [jpeg_dicom, jpeg_2000_dicom])
def test_a_forgotten_delimiter_does_not_cost_the_film(packed, end):
    whole = packed(FILM)
    assert whole.endswith(DELIMITER)
    odd = whole.removesuffix(DELIMITER) + end
    assert np.array_equal(read(odd).pixels, read(whole).pixels)


def test_pixels_cut_off_within_an_item_are_not_shown():
    whole = jpeg_dicom(FILM)
    for share in (0.5, 0.9, 0.99):
        assert "cut off" in refusal(whole[: int(len(whole) * share)])


def with_syntax(data, syntax):
    """Return a DICOM file that names another transfer syntax in its file meta."""
    start = data.index(b"\x02\0\x10\0UI")
    length = int.from_bytes(data[start + 6 : start + 8], "little")
    said = syntax.encode() + b"\0" * (len(syntax) % 2)
    grown = len(said) - length
    group = data.index(b"\x02\0\0\0UL\x04\0") + 8
    size = int.from_bytes(data[group : group + 4], "little") + grown
    head = data[:group] + size.to_bytes(4, "little") + data[group + 4 : start + 6]
    return head + len(said).to_bytes(2, "little") + said + data[start + 8 + length :]


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, JPEGLosslessSV1])
def test_plain_pixels_under_a_compressed_syntax(syntax):
    assert np.array_equal(read(with_syntax(dicom_file(dicom_dataset(FILM)), syntax)).pixels, FILM)
    assert np.array_equal(
        read(encapsulated(dicom_dataset(FILM), FILM.tobytes(), syntax)).pixels, FILM
    )


@pytest.mark.parametrize("said", [JPEG2000Lossless, RLELossless, ExplicitVRLittleEndian])
def test_jpeg_under_another_syntax(said):
    whole = jpeg_dicom(FILM)
    assert np.array_equal(read(with_syntax(whole, said)).pixels, read(whole).pixels)


@pytest.mark.parametrize("said", [JPEGBaseline8Bit, JPEGLosslessSV1, ExplicitVRLittleEndian])
def test_jpeg_2000_and_run_lengths_under_another_syntax(said):
    assert np.array_equal(read(with_syntax(jpeg_2000_dicom(FILM), said)).pixels, FILM)
    dataset = dicom_dataset(FILM)
    dataset.compress(RLELossless)
    assert np.array_equal(read(with_syntax(dicom_file(dataset), said)).pixels, FILM)


def test_a_code_stream_without_items_around_it():
    dataset = dicom_dataset(FILM)
    stream = image_file(FILM, "JPEG", quality=95)
    dataset.PixelData = stream + b"\0" * (len(stream) % 2)
    odd = with_syntax(dicom_file(dataset), JPEGBaseline8Bit)
    assert np.array_equal(read(odd).pixels, read(jpeg_dicom(FILM)).pixels)


def test_samples_of_another_length_than_bits_allocated_says():
    said_16 = dicom_dataset(FILM, BitsAllocated=16)
    said_16.PixelData = FILM.tobytes()
    assert np.array_equal(read(said_16).pixels, FILM)
    said_8 = dicom_dataset(FILM)
    said_8.PixelData = DEEP.tobytes()
    assert is_like(read(said_8).pixels)


def test_half_of_a_film_of_sixteen_bits_is_not_a_film_of_eight():
    half = deep_dataset()
    half.PixelData = half.PixelData[: len(half.PixelData) // 2]
    assert "cannot be decoded" in refusal(half)


def test_bytes_in_the_other_order_are_turned():
    odd = deep_dataset()
    odd.PixelData = DEEP.astype(">u2").tobytes()
    radiograph = read(odd)
    assert is_like(radiograph.pixels)
    assert "other order" in " ".join(radiograph.notes)


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("declared", [12, 16])
def test_bytes_of_a_smooth_film_in_the_other_order_are_turned(bits, declared):
    # Enlarged, its neighbours are alike even with their bytes swapped.
    large = np.asarray(Image.fromarray(FILM).convert("F").resize((1200, 1200)))
    values = (large.clip(0, 255) / 255 * ((1 << bits) - 1)).round().astype(np.uint16)
    if declared == 16:
        # White lettering, equal in either order, and a faulty pixel say nothing against it.
        values[100:120, 100:180], values[5, 5] = 65535, 0xFF00
    odd = without(deep_dataset(values, bits=declared), *WINDOW)
    expected = read(odd).pixels
    odd.PixelData = values.astype(">u2").tobytes()
    radiograph = read(odd)
    assert np.abs(radiograph.pixels - expected).max() < 1
    assert "other order" in " ".join(radiograph.notes)


def test_noise_is_refused():
    noise = np.random.default_rng(0).integers(0, 4096, (300, 300))
    assert "neighbouring pixels" in refusal(dicom_dataset(noise, bits=12))
    undecodable = np.frombuffer(image_file(np.tile(FILM, (3, 3)), "PNG")[100 : 100 + 250**2], "u1")
    assert "neighbouring pixels" in refusal(dicom_dataset(undecodable.reshape(250, 250)))


def test_encapsulated_in_several_fragments():
    stream = image_file(FILM, "JPEG", quality=95)
    dataset = dicom_dataset(FILM)
    dataset.PixelData = encapsulate([stream], fragments_per_frame=4)
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    whole = dicom_file(dataset)
    expected = read(jpeg_dicom(FILM)).pixels
    assert np.array_equal(read(whole).pixels, expected)
    assert np.array_equal(read(whole.removesuffix(DELIMITER)).pixels, expected)
