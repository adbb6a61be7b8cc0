"""DICOM films: transfer syntaxes, grey-value transformations, and what is refused."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from kneeoa.errors import RadiographError
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from tests.support.films import dicom_dataset, dicom_file, jpeg_2000_dicom, jpeg_dicom, recompressed

FILM = draw_knee(3)
DEEP = FILM.astype(np.uint16) * 16


def read(data):
    return read_radiograph(data, "film.dcm")


def like(shown, film=FILM):
    return np.corrcoef(shown.ravel(), film.ravel())[0, 1]


def test_an_uncompressed_eight_bit_film_passes_unchanged():
    radiograph = read(dicom_file(dicom_dataset(FILM)))
    assert np.array_equal(radiograph.pixels, FILM)
    assert (radiograph.source, radiograph.bits) == ("DICOM", 8)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_uncompressed_syntaxes(syntax):
    dataset = dicom_dataset(DEEP, bits=12)
    dataset.file_meta.TransferSyntaxUID = syntax
    assert like(read(dicom_file(dataset)).pixels) > 0.999


def test_big_endian():
    dataset = dicom_dataset(DEEP, bits=12)
    dataset.PixelData = DEEP.astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    assert like(read(dicom_file(dataset)).pixels) > 0.999


def test_a_file_without_preamble_is_read():
    assert np.array_equal(read(dicom_file(dicom_dataset(FILM), preamble=False)).pixels, FILM)


def test_run_length_encoding():
    dataset = dicom_dataset(FILM)
    dataset.compress(RLELossless)
    assert np.array_equal(read(dicom_file(dataset)).pixels, FILM)


def test_baseline_jpeg():
    assert np.abs(read(jpeg_dicom(FILM)).pixels - FILM).mean() < 3


def test_jpeg_2000():
    assert np.array_equal(read(jpeg_2000_dicom(FILM)).pixels, FILM)


@pytest.mark.parametrize(
    "syntax", ["JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless", "RLELossless"]
)
@pytest.mark.parametrize("bits", [8, 12])
def test_lossless_syntaxes_equal_the_uncompressed_film(syntax, bits, tmp_path):
    plain = dicom_file(dicom_dataset(FILM if bits == 8 else DEEP, bits=bits))
    packed = recompressed(plain, syntax, tmp_path)
    assert pydicom.dcmread(tmp_path / "target.dcm").file_meta.TransferSyntaxUID.is_compressed
    assert np.array_equal(read(packed).pixels, read(plain).pixels)


def test_monochrome_1_comes_out_with_bright_bone():
    dataset = dicom_dataset(255 - FILM, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(read(dicom_file(dataset)).pixels, FILM)


def test_an_inverse_presentation_is_honoured():
    dataset = dicom_dataset(255 - FILM, PresentationLUTShape="INVERSE")
    assert np.array_equal(read(dicom_file(dataset)).pixels, FILM)


def test_monochrome_1_with_an_inverse_presentation_is_one_inversion_not_two():
    # As digital X-rays are required to say it (DICOM PS3.3, C.8.11.3).
    both = dicom_dataset(
        255 - FILM, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE"
    )
    assert np.array_equal(read(dicom_file(both)).pixels, FILM)


def test_signed_data_with_rescale():
    signed = FILM.astype(np.int16) * 8 - 1000
    dataset = dicom_dataset(signed, bits=16, signed=True, RescaleSlope="2", RescaleIntercept="-100")
    shown = read(dicom_file(dataset)).pixels
    assert like(shown) > 0.999
    assert (shown == 255).mean() < 0.02


def test_the_files_own_window_is_used():
    # Grey values 80 to 160 of the film, scaled by 16, are spread over the whole range.
    dataset = dicom_dataset(DEEP, bits=12, WindowCenter="1920.5", WindowWidth="1281")
    shown = read(dicom_file(dataset)).pixels
    expected = np.clip((FILM.astype(float) - 80) / 80 * 255, 0, 255)
    assert np.abs(shown - expected).max() < 2


def test_a_voi_lut_is_used():
    lut = pydicom.Dataset()
    lut.LUTDescriptor = [256, 0, 16]
    lut.LUTData = (np.arange(256)[::-1] * 257).astype("<u2").tobytes()
    lut["LUTData"].VR = "OW"
    dataset = dicom_dataset(FILM, VOILUTSequence=[lut])
    assert np.abs(read(dicom_file(dataset)).pixels - (255 - FILM)).max() < 1


@pytest.mark.parametrize(("centre", "width"), [("0", "0"), ("-50000", "10"), ("5", "-7")])
def test_an_absurd_window_falls_back_to_the_rule(centre, width):
    with_window = dicom_dataset(DEEP, bits=12, WindowCenter=centre, WindowWidth=width)
    assert np.array_equal(
        read(dicom_file(with_window)).pixels, read(dicom_file(dicom_dataset(DEEP, bits=12))).pixels
    )


def test_padding_is_black_and_does_not_count():
    padded = DEEP.copy()
    padded[:, :30] = 4095
    shown = read(dicom_file(dicom_dataset(padded, bits=12, PixelPaddingValue=4095))).pixels
    assert (shown[:, :30] == 0).all()
    assert like(shown[:, 30:], FILM[:, 30:]) > 0.999
    assert shown[:, 30:].max() == 255


def test_colour_becomes_grey():
    dataset = dicom_dataset(FILM, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    dataset.PlanarConfiguration = 0
    dataset.PixelData = np.repeat(FILM[..., None], 3, axis=-1).tobytes()
    assert np.array_equal(read(dicom_file(dataset)).pixels, FILM)


def test_side_and_spacing_are_taken_over_and_nothing_of_the_patient():
    dataset = dicom_dataset(FILM, ImageLaterality="L", PixelSpacing=["0.14", "0.141"])
    radiograph = read(dicom_file(dataset))
    assert radiograph.laterality == "L"
    assert radiograph.spacing == (0.14, 0.141)
    assert "SECRET" not in repr(radiograph)


def refusal(dataset):
    with pytest.raises(RadiographError) as caught:
        read(dicom_file(dataset))
    assert "SECRET" not in str(caught.value)
    return str(caught.value)


def test_refusals_name_the_reason():
    without = dicom_dataset(FILM)
    del without.PixelData
    assert "without an image" in refusal(without)
    assert "12 frames" in refusal(dicom_dataset(FILM, NumberOfFrames="12"))
    assert "Received: 20 x 224" in refusal(dicom_dataset(FILM[:20]))
    huge = dicom_dataset(FILM, Rows=60000, Columns=60000)
    assert "million pixels" in refusal(huge)
    short = dicom_dataset(FILM)
    short.PixelData = short.PixelData[:1000]
    assert "Explicit VR Little Endian" in refusal(short)
    unknown = dicom_dataset(FILM)
    unknown.PixelData = pydicom.encaps.encapsulate([b"\0\0\1\xb3 video"])
    unknown["PixelData"].is_undefined_length = True
    unknown.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    assert "MPEG2" in refusal(unknown)


def test_an_invented_transfer_syntax_is_not_quoted():
    data = jpeg_dicom(FILM).replace(b"1.2.840.10008.1.2.4.50", b"9.9.9.![](http://x/y).")
    with pytest.raises(RadiographError, match="unknown transfer syntax") as caught:
        read(data)
    assert "http" not in str(caught.value)


def test_a_deflate_bomb_is_refused_before_it_swells():
    dataset = dicom_dataset(FILM)
    dataset.PixelData = bytes(300_000_000)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert "unpacks to far more" in refusal(dataset)


def test_damage_never_surfaces_as_anything_but_a_refusal(tmp_path, capfd):
    whole = dicom_file(dicom_dataset(DEEP, bits=12, WindowCenter="1000", WindowWidth="800"))
    packed = recompressed(whole, "JPEGLosslessProcess14_1", tmp_path)
    rng = np.random.default_rng(0)
    # Each reading of the packed film ends a worker, for gdcm.
    for data, count in ((whole, 100), (packed, 12)):
        variants = [data[:cut] for cut in rng.integers(133, len(data), 30)]
        for _ in range(count):
            damaged = bytearray(data)
            for place in rng.integers(132, 900, 3):
                damaged[place] = rng.integers(256)
            variants.append(bytes(damaged))
        for variant in variants:
            try:
                read(variant)
            except RadiographError as error:
                assert "SECRET" not in str(error)
    out, err = capfd.readouterr()
    assert "SECRET" not in out + err
