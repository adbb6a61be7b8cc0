"""DICOM files of more pixels than a film, and enhanced ones, whose film is described elsewhere."""

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.complete import complete
from tests.support.films import dicom_dataset, dicom_file, image_file
from tests.support.odd_films import DEEP, FILM, WINDOW, deep_dataset, is_like, read, without


def film_of(pixels, **tags):
    made = dicom_dataset(FILM, **tags)
    made.PixelData = pixels.tobytes()
    return made


@pytest.mark.parametrize("count", [2, 3, 5])
def test_frames_that_nothing_tells_of_are_not_left_out_silently(count):
    with pytest.raises(RadiographError, match=f"{count} times as many"):
        read(film_of(np.stack([FILM] * count)))


def test_rows_that_the_header_leaves_out_are_not_left_out_silently():
    cut = film_of(FILM)
    cut.Rows = 180
    radiograph = read(cut)
    assert radiograph.pixels.shape == (180, 224)
    assert radiograph.notes == (
        "There are 44 rows of pixels more than Rows says: the film may be cut off.",
    )
    deep = deep_dataset()
    deep.Rows = 180
    assert "may be cut off" in read(deep).notes[0]


NOISE = np.random.default_rng(0).bytes(9000)


@pytest.mark.parametrize(
    "filling",
    [
        *(b"\0" * 5000, b"\xff" * 9000, bytes(FILM[0])[:200], b"", NOISE[:400], NOISE),
        bytes(448) + b"\1\0",
        bytes(700) + b"\1" + bytes(700),
        bytes(672) + b"made by us" * 22,
    ],
)
def test_what_a_file_is_filled_up_with_is_no_film_that_is_left_out(filling):
    filled = film_of(FILM)
    filled.PixelData += filling
    assert read(filled).notes == ()


def as_jpeg(pixels):
    return image_file(pixels, "JPEG")


def as_jpeg_2000(pixels):
    return image_file(pixels, "JPEG2000", no_jp2=True)


def as_jp2_file(pixels):
    return image_file(pixels, "JPEG2000", no_jp2=False)


def as_run_lengths(pixels):
    packed = dicom_dataset(pixels)
    packed.compress(RLELossless)
    return get_frame(packed.PixelData, 0, number_of_frames=1)


PACKED = [
    (as_jpeg, JPEGBaseline8Bit),
    (as_jpeg_2000, JPEG2000Lossless),
    (as_jp2_file, JPEG2000Lossless),
    (as_run_lengths, RLELossless),
]


@pytest.mark.parametrize("has_table", [True, False])
@pytest.mark.parametrize("said", [None, 1])
@pytest.mark.parametrize(("packed", "syntax"), PACKED)
def test_compressed_frames_that_nothing_tells_of_are_named(packed, syntax, said, has_table):
    two = dicom_dataset(FILM, **({} if said is None else {"NumberOfFrames": said}))
    frames = [packed(pixels) for pixels in (FILM, FILM[::-1].copy())]
    two.PixelData = encapsulate(frames, has_bot=has_table)
    two["PixelData"].is_undefined_length = True
    two.file_meta.TransferSyntaxUID = syntax
    with pytest.raises(RadiographError, match="several frames"):
        read(dicom_file(two))
    two.PixelData = encapsulate(frames[:1], has_bot=has_table)
    two["PixelData"].is_undefined_length = True
    assert is_like(read(dicom_file(two)).pixels)


def test_bytes_of_twice_the_film_are_two_films_or_one_of_sixteen_bits():
    deep = film_of(DEEP.astype("<u2"))
    complete(deep)
    assert deep.BitsAllocated == 16
    two = film_of(np.stack([FILM, FILM]))
    complete(two)
    assert two.BitsAllocated == 8


@pytest.mark.parametrize("padding", [1, 2, 100])
def test_a_few_bytes_behind_the_film_are_padding(padding):
    radiograph = read(film_of(np.append(FILM.ravel(), np.zeros(padding, np.uint8))))
    assert np.array_equal(radiograph.pixels, FILM)


@pytest.mark.parametrize("count", ["1", "01", "0", "", "-1"])
def test_one_frame_however_it_is_counted(count):
    odd = dicom_dataset(FILM)
    odd.add_new("NumberOfFrames", "LO", count)
    odd["NumberOfFrames"].VR = "IS"
    assert np.array_equal(read(odd).pixels, FILM)


def enhanced(pixels, groups, **macro):
    """Return a film whose `macro` attributes stand in functional groups."""
    item = Dataset()
    for keyword, value in macro.items():
        setattr(item, keyword, value)
    group = Dataset()
    group.PixelMeasuresSequence = [item]
    made = without(deep_dataset(pixels), *WINDOW)
    setattr(made, groups, [group])
    made.NumberOfFrames = 1
    return made


GROUPS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]


@pytest.mark.parametrize("groups", GROUPS)
def test_an_enhanced_film_is_as_its_groups_say(groups):
    halved = np.asarray(Image.fromarray(FILM).resize((224, 112), Image.Resampling.BOX))
    squashed = enhanced(halved.astype(np.uint16) * 16, groups, PixelSpacing=["0.4", "0.2"])
    radiograph = read(squashed)
    assert is_like(radiograph.pixels)
    assert radiograph.spacing == (0.2, 0.2)
    turned = enhanced(4095 - DEEP, groups, RescaleSlope="-1", RescaleIntercept="4095")
    assert is_like(read(turned).pixels)


def test_what_the_film_itself_says_goes_before():
    odd = enhanced(DEEP, GROUPS[0], PixelSpacing=["0.4", "0.2"])
    odd.PixelSpacing = ["0.2", "0.2"]
    assert read(odd).pixels.shape == FILM.shape


@pytest.mark.parametrize("term", ["monochrome1", "MONOCHROME 1", "Monochrome_1 "])
def test_terms_in_other_letters(term):
    odd = deep_dataset(4095 - DEEP)
    odd.add_new("PhotometricInterpretation", "LO", term)
    assert is_like(read(odd).pixels)


def test_a_range_of_padding_that_holds_the_film_is_not_believed():
    padded = DEEP.copy()
    padded[:, :40] = 1
    plain = read(deep_dataset(DEEP)).pixels[:, 40:]
    for limit, shown in ((3000, plain), (2, plain)):
        odd = deep_dataset(padded, PixelPaddingValue=1, PixelPaddingRangeLimit=limit)
        radiograph = read(odd)
        assert np.array_equal(radiograph.pixels[:, 40:], shown)
        assert not radiograph.pixels[:, :40].any()
