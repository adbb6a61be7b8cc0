"""The research pages in a real browser: a link to a view, a click on a cell, the way to a film."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from kneeoa.films.phantom import draw_knee
from kneeoa.records.results import read_predictions
from tests.support.menu import turn_to
from tests.support.research import write_study
from tests.support.serving import forked_app
from tests.support.watching import at_rest, settle

SECONDS = 60_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A dashboard on drawn results, with drawn films for the first answers of a cell."""
    root = tmp_path_factory.mktemp("research")
    (first, *_) = write_study(root / "results", cycles=2)
    films = read_predictions(root / "results" / "runs" / first / "predictions.csv")
    (root / "films").mkdir()
    for image_id in films.query("split == 'val' and true_grade == 0")["image_id"]:
        Image.fromarray(draw_knee(0, side=224)).save(root / "films" / f"{image_id}.png")
    settings = {
        "KNEEOA_RESULTS": str(root / "results"),
        "KNEEOA_DATASET": str(root / "films"),
    }
    with forked_app(root, **settings) as app:
        yield app


LAST = {
    "Results": "Cycle by cycle",
    "Confusion": "Films worth a second look",
    "Data": "Check a data set",
    "Robustness": "What was tried in training",
    "Runs": "Learning curves",
}
"""The last heading or tab of each research page, by the page's name in the menu."""

TEXT = ":is([data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]) > :is(p, ul)"
WIDTHS = "texts => texts.map(it => it.getBoundingClientRect().width)"
CONTRASTS = """texts => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const drawn = (...colours) => {
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    const shares = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(it => it / 255);
    const [r, g, b] = shares.map(it => it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  return texts.filter(it => it.textContent.trim()).map(it => {
    const ends = [drawn(ground, getComputedStyle(it).fill), drawn(ground)];
    return [Math.max(...ends) / Math.min(...ends), it.textContent];
  });
}"""


def wait(page, text):
    expect(page.get_by_text(text).first).to_be_visible(timeout=SECONDS)


@pytest.fixture(scope="module")
def linked(site, context):
    """A page opened by a link to a view: the first request to this server."""
    opened = context.new_page()
    view = "split=val&by=counts&cell_network=resnet50&reference=0&given=1"
    opened.goto(f"{site.url}/confusion?{view}")
    yield opened
    opened.close()


def test_a_link_opens_the_view_that_it_names(linked):
    page = linked
    # The navigation must be there.
    wait(page, re.compile("knees? with reference KL 0"))
    expect(page.get_by_role("link", name="Read", exact=True)).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_text("In knees. Click a cell")).to_be_visible()
    expect(page).to_have_title("Confusion - Knee reading room")
    # The menu says in which room this page is, and leads to the others there.
    room = page.get_by_role("button", name="Research")
    shown = room.locator("p").evaluate("p => getComputedStyle(p, '::after').content")
    assert shown == '" / Confusion"'
    turn_to(page, "Research", "Runs")
    wait(page, "Learning curves")
    # The choice of films goes along from page to page.
    assert "split=val" in page.url


def test_numbers_of_a_matrix_are_legible_in_a_theme_chosen_while_it_stands_there(linked):
    turn_to(linked, "Research", "Confusion")
    numbers = linked.locator(".heatmap-label text")
    expect(numbers.first).to_be_visible(timeout=SECONDS)
    settle(linked)
    for scheme, ink in (("dark", "rgb(255, 255, 255)"), ("light", "rgb(0, 0, 0)")):
        linked.emulate_media(color_scheme=scheme)
        expect(numbers.first).to_have_css("fill", ink)


def test_a_click_on_a_cell_shows_its_films_and_one_opens_in_place(linked):
    page = linked
    turn_to(page, "Research", "Confusion")
    wait(page, "Click a cell to see its films")
    at_rest(page)
    matrix = page.locator(".st-key-figure_confusion_resnet50_val .nsewdrag").first
    box = matrix.bounding_box(timeout=SECONDS)
    # The cell of reference KL 0 and given KL 0: the first row and column of five.
    page.mouse.click(box["x"] + box["width"] / 10, box["y"] + box["height"] / 10)
    wait(page, re.compile("with reference KL 0 to which ResNet50 gives KL 0"))
    assert "reference=0" in page.url
    # Until then the films of the cell before may stand there.
    at_rest(page)
    # The matrix stays in sight while the films are looked through.
    last = page.locator(".kl-card").last
    last.scroll_into_view_if_needed(timeout=SECONDS)
    expect(matrix).to_be_in_viewport()
    page.locator("[class*=st-key-card_film_]").first.click(timeout=SECONDS)
    viewer = page.locator(".viewer[data-ready=true]").first
    expect(viewer).to_be_visible(timeout=SECONDS)
    assert "film=" in page.url
    page.get_by_role("button", name="Back to the films").click()
    expect(page.locator(".kl-card").first).to_be_visible(timeout=SECONDS)
    assert "film=" not in page.url
    page.locator("[class*=st-key-card_film_]").first.click(timeout=SECONDS)
    page.get_by_role("button", name="Open in the reading page").click(timeout=SECONDS)
    expect(page.locator(".st-key-case")).to_be_visible(timeout=SECONDS)


def test_no_research_page_is_cut_off_at_the_side_and_words_of_figures_are_legible(linked):
    page = linked
    for name, heading in LAST.items():
        turn_to(page, "Research", name)
        wait(page, heading)
        page.wait_for_function(
            "() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=SECONDS
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440, name
        assert page.get_by_text("encountered an error").count() == 0, name
        assert max(page.locator(TEXT).evaluate_all(WIDTHS)) < 1000, name
    # The words over the choices stand in one line.
    tops = page.locator(".st-key-bar_of_runs [data-testid=stWidgetLabel]").evaluate_all(
        "labels => labels.map(it => Math.round(it.getBoundingClientRect().top))"
    )
    assert (len(tops), len(set(tops))) == (3, 1)
    words = page.locator(".js-plotly-plot :is(.xtick, .ytick, .infolayer) text")
    expect(words.first).to_be_visible(timeout=SECONDS)
    settle(page)
    contrasts = words.evaluate_all(CONTRASTS)
    assert len(contrasts) > 4
    # As the WCAG define it, of a page's text (AA).
    assert [said for said in contrasts if said[0] < 4.5] == []


def test_one_step_back_leads_from_a_runs_confusion_to_its_mark(linked):
    page = linked
    turn_to(page, "Research", "Runs")
    page.get_by_role("combobox", name="Marked runs").click(timeout=SECONDS)
    page.get_by_role("option", name=re.compile("MobileNet")).first.click(timeout=SECONDS)
    page.keyboard.press("Escape")
    way = page.get_by_role("link", name="Its confusion, with the films")
    expect(way).to_be_visible(timeout=SECONDS)
    at_rest(page)
    way.click()
    wait(page, re.compile(", 1 run, .* knees"))
    at_rest(page)
    page.go_back()
    expect(page).to_have_title("Runs - Knee reading room", timeout=SECONDS)
    expect(way).to_be_visible(timeout=SECONDS)


def test_dragging_along_an_axis_keeps_the_runs_that_pass_there(linked):
    page = linked
    turn_to(page, "Research", "Runs")
    page.get_by_role("tab", name="Settings against results").click(timeout=SECONDS)
    figure = page.locator(".st-key-figure_settings_and_results")
    expect(figure.locator(".scatterlayer .trace path.js-line").first).to_be_visible(timeout=SECONDS)
    axes = figure.locator(".xtick").count()
    assert axes > 3
    settle(page)
    area = figure.locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    # The upper half of the first axis; where axes lie, see `kneeoa.charts.parallel`.
    at = box["x"] + box["width"] * 0.6 / axes
    page.mouse.move(at - 15, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(at + 5, box["y"] + box["height"] / 4)
    page.mouse.move(at + 15, box["y"] + box["height"] / 2)
    page.mouse.up()
    wait(page, "pass where you marked")
    page.get_by_role("button", name="Show all runs").click(timeout=SECONDS)
    expect(page.get_by_text("pass where you marked")).to_have_count(0, timeout=SECONDS)
