"""The film viewer: what it is told, how it is served, and that its program is its sources'."""

import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.films import display
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.films.stored import StoredValues
from pages.shared.viewer.component import BUNDLE, ShownFilm, Turn, moved_to, turn_from
from pages.shared.viewer.feed import film_feed, frame_from, rectangle
from tests.support.places import ROOT
from tests.support.viewer import viewers

SOURCES = ROOT / "pages" / "shared" / "viewer"
LONGEST = 300


def radiograph(pixels, *, bits=8, stored=None, spacing=None):
    pixels = np.asarray(pixels, np.float32)
    return Radiograph("a.png", pixels, "PNG", bits, None, spacing, "0" * 64, stored=stored)


def test_no_key_of_the_viewer_is_a_page_s_own():
    # The viewer hears keys first: Teach's S once saved a picture in place of the reference.
    keys = (SOURCES / "src" / "keys.js").read_text("utf-8")
    of_viewer = set(re.findall(r"^  (\w): '", keys, re.MULTILINE)) | {"h"}
    of_pages = {
        key.lower()
        for file in (ROOT / "pages").rglob("*.py")
        for key in re.findall(r'shortcut="(\w)"', file.read_text("utf-8"))
    }
    assert len(of_viewer) > 10
    assert "s" in of_pages
    # A result's films hear keys only while one of them has the focus.
    assert of_viewer & of_pages == {"g"}


def test_the_bundle_is_built_of_these_sources():
    # As sources.mjs does. After a change: `make viewer`.
    files = [*(SOURCES / "src").iterdir()]
    files += [SOURCES / name for name in ("build.mjs", "package.json", "package-lock.json")]
    digest = hashlib.sha256()
    for name in sorted(file.relative_to(SOURCES).as_posix() for file in files):
        digest.update(f"{name}\n".encode())
        digest.update((SOURCES / name).read_bytes())
    first = BUNDLE.read_text("utf-8").partition("\n")[0]
    assert re.search(r"sources ([0-9a-f]{64})", first)[1] == digest.hexdigest()


def test_what_is_bundled_is_pinned_and_comes_with_its_licences():
    package = json.loads((SOURCES / "package.json").read_text("utf-8"))
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    lock = json.loads((SOURCES / "package-lock.json").read_text("utf-8"))["packages"]
    assert not any("resolved" in one for one in lock.values())
    assert all(one.get("integrity") for path, one in lock.items() if path)
    licences = BUNDLE.with_name("film-viewer.LICENSES.txt").read_text("utf-8")
    for name, version in package["dependencies"].items():
        assert f"{name} {version} (MIT)" in licences
    assert "GPL" not in re.sub(r"[^\n]*\(.*\)\n-", "", licences)


def test_its_sources_stay_short():
    lines = {file.name: file.read_text("utf-8").count("\n") for file in (SOURCES / "src").iterdir()}
    assert len(lines) > 10
    assert [name for name, count in lines.items() if count >= LONGEST] == []


def test_8_bits_are_sent_as_they_are():
    film = draw_knee(2)
    feed = film_feed(radiograph(film))
    assert (feed.type, feed.window, feed.inverse) == ("uint8", (0, 255), False)
    assert feed.pixels == film.tobytes()


def test_stored_samples_are_sent_with_the_window_they_are_shown_with():
    values = np.arange(-30, 30, dtype=np.int16).reshape(6, 10)
    stored = StoredValues(values, black=20.0, white=-10.0)
    feed = film_feed(radiograph(np.zeros((6, 10)), bits=12, stored=stored, spacing=(0.1, 0.1)))
    assert (feed.type, feed.window, feed.inverse) == ("int16", (-10, 20), True)
    assert np.array_equal(np.frombuffer(feed.pixels, "<i2").reshape(6, 10), values)
    assert feed.spacing == (0.1, 0.1)


@pytest.mark.parametrize(
    ("attribute", "where"),
    [
        ("PixelSpacing", ""),
        ("ImagerPixelSpacing", " at detector"),
        ("NominalScannedPixelSpacing", " on scanned film"),
    ],
)
def test_the_viewer_is_told_where_a_millimetre_is_one(attribute, where):
    film = radiograph(draw_knee(2, side=400), spacing=(0.2, 0.2))
    film = replace(film, header=replace(film.header, spacing_from=attribute))
    feed = film_feed(film)
    assert feed.where == where
    assert feed.of_knee(Frame(10, 10, 20, 20)).where == ""
    assert film_feed(replace(film, spacing=None)).where == ""


def test_a_deep_film_without_them_is_sent_in_all_its_greys():
    feed = film_feed(radiograph([[0, 127.5], [200.1, 255]], bits=12))
    assert np.frombuffer(feed.pixels, "<u2").tolist() == [0, 32768, 51426, 65535]


def test_a_reduced_film_measures_and_boxes_the_same():
    film = radiograph(draw_knee(2, side=400), spacing=(0.2, 0.2))
    feed = film_feed(film, longest=100)
    assert (feed.height, feed.width) == (100, 100)
    assert feed.spacing == pytest.approx((0.8, 0.8))
    box = rectangle(Frame(40, 80, 200, 120), feed.scale)
    assert box == {"left": 20, "top": 10, "width": 30, "height": 50}


def test_another_film_has_another_name_and_so_has_one_that_was_turned():
    film = draw_knee(2)
    names = {film_feed(radiograph(one)).film_id for one in (film, np.rot90(film), film[::-1])}
    assert len(names) == 3
    assert film_feed(radiograph(film)).film_id in names


def test_the_same_pixels_of_another_size_are_another_film():
    film = draw_knee(2)
    sizes = (None, (0.1, 0.1), (0.2, 0.2))
    assert len({film_feed(radiograph(film, spacing=size)).film_id for size in sizes}) == 3


@pytest.mark.parametrize(("size", "is_a_knee_s"), [(0.25, True), (1.0, False), (0.05, False)])
@pytest.mark.parametrize("longest", [None, 100])
def test_a_film_has_millimetres_only_where_its_knee_is_as_large_as_one(size, is_a_knee_s, longest):
    feed = film_feed(radiograph(draw_knee(2, side=400), spacing=(size, size)), longest=longest)
    shown = feed.of_knee(Frame(10, 10, 380, 380))
    assert (shown.spacing == feed.spacing) == is_a_knee_s
    assert (shown.film_id == feed.film_id) == is_a_knee_s
    assert is_a_knee_s or shown.spacing is None
    bare = film_feed(radiograph(draw_knee(2, side=400)))
    assert bare.of_knee(Frame(10, 10, 380, 380)) is bare


def test_a_frame_comes_back_as_it_was_sent():
    frame = Frame(-10, 20, 300, 200, "left")
    assert frame_from(rectangle(frame), "left") == frame


def test_a_box_is_moved_on_the_knee_alone_on_which_it_was_let_go():
    feed = film_feed(radiograph(draw_knee(2)))
    left, right = (ShownFilm(feed, "a film", Frame(0, 0, 9, 9, name)) for name in ("one", "other"))
    told = {"film": feed.film_id, "knee": "one", **rectangle(Frame(1, 2, 30, 40))}
    assert moved_to(told, left) == Frame(1, 2, 30, 40, "one")
    assert moved_to(told, right) is None
    assert moved_to(told | {"film": "another"}, left) is None


@pytest.mark.parametrize("wrong", [None, 3, {}, {"place": -1}, {"start": None}, {"serial": True}])
def test_what_no_arrow_tells_turns_to_nothing(wrong):
    told = {"place": 2, "start": 1, "serial": 9}
    assert turn_from(told) == Turn(2, 1, 9)
    assert turn_from(told | wrong if isinstance(wrong, dict) and wrong else wrong) is None


def test_a_layer_is_clear_where_nothing_speaks():
    heatmap = np.zeros((7, 7), np.float32)
    heatmap[3, 3] = 5
    layer = display.layer(heatmap, scale=5, side=70)
    assert layer.shape == (70, 70, 4)
    assert layer[0, 0, 3] == 0
    assert layer[35, 35, 3] > 250


def shown():
    """A page of two films of the same size and border."""
    import numpy as np

    from kneeoa.films.frames import Frame
    from kneeoa.films.radiograph import Radiograph
    from pages.shared.viewer import component
    from pages.shared.viewer.feed import film_feed

    def film(middle):
        pixels = np.zeros((1200, 1200), np.float32)
        pixels[300:310, 300:310] = middle
        return Radiograph("a.png", pixels, "PNG", 8, None, None, "0" * 64)

    films = [
        component.ShownFilm(film_feed(film(middle)), "a film", Frame(0, 0, 100, 100))
        for middle in (100, 200)
    ]
    panes = [component.Pane(0), component.Pane(1)]
    component.show(films, panes, on_move=lambda _: None)


def told():
    app = AppTest.from_function(shown).run()
    assert not app.exception
    (data,) = viewers(app)
    return data


def test_pixels_come_by_an_address_that_only_their_session_knows():
    first, second = told(), told()
    addresses = [film["url"] for data in (first, second) for film in data["films"]]
    # Streamlit takes parts of a large file for all of it: these two differ in none of them.
    assert len(set(addresses)) == 4
    assert all("/media/" in address for address in addresses)
    assert [film["id"] for film in first["films"]] == [film["id"] for film in second["films"]]


def test_the_program_is_named_and_not_sent():
    data = told()
    assert data["bundle"].startswith("app/static/film-viewer.js?")
    assert len(json.dumps(data)) < 3000
    assert data["editable"]
    assert not data["turns"]
