"""The confusion page for a paper: its figures and tables in one ZIP."""

from kneeoa.analysis import confusions, operating
from kneeoa.charts import confusion as charts
from kneeoa.charts.paper import sheet
from pages.confusion import film_lists, matrices, sources, trust
from pages.confusion.sources import Shown
from pages.shared.research import paper_sheet

UNITS = {"counts": "knees", "row": "% of the reference grade", "column": "% of the given grade"}


def compared_lines(shown: Shown) -> tuple[str, ...]:
    """Return the Python that gives ``answers``: one a film, of the films that all runs have."""
    return (*shown.run_lines, "runs = confusions.shared_films(runs)", film_lists.ANSWERS)


def content(selection, shown: Shown, by: str, threshold: int) -> bytes:
    """Return the ZIP: what the page shows of `shown`, whichever tab is open."""
    figures = {
        f"confusion {title}": figure for title, figure in matrices.figures(shown, by).items()
    }
    tables = {}
    runs = confusions.shared_films(shown.runs)
    answers = {name: confusions.mean_answers(by_run) for name, by_run in runs.items()}
    if all(map(len, answers.values())):
        lines = compared_lines(shown)
        grades = {name: confusions.per_grade(films) for name, films in answers.items()}
        areas = {name: operating.separation(films) for name, films in answers.items()}
        sizes = {name: confusions.error_sizes(films) for name, films in answers.items()}
        figures["grade by grade"] = charts.per_grade_figure(grades)
        figures["how far off"] = charts.error_figure(sizes)
        figures |= trust.curves_of(answers, threshold)
        tables["grade by grade"] = (
            confusions.of_networks(grades),
            sources.python(selection, lines, trust.GRADES_TABLE),
        )
        tables["separation"] = (
            confusions.of_networks(areas),
            sources.python(selection, lines, trust.AREAS_TABLE),
        )
    tables["cells"] = (
        confusions.cell_table(shown.films),
        sources.python(selection, shown.lines, "confusions.cell_table(runs)"),
    )
    is_published = shown.source == "published"
    labels = {label for by_run in shown.runs.values() for label in by_run}
    finished = selection.finished
    cited = paper_sheet.cited(
        selection,
        published=is_published,
        runs=finished[finished["label"].isin(labels)],
    )
    name = sheet.slug(f"confusion {selection.split} {shown.source}")
    made = sheet.Sheet(figures, tables, cited, tuple(_notes(shown, by, threshold)))
    return sheet.packed(made, name)


def _notes(shown, by, threshold):
    several = any(len(by_run) > 1 for by_run in shown.films.values())
    yield (
        f"Matrices and the table cells: {sources.SOURCES[shown.source].lower()}. Rows are the "
        "reference, columns the most probable grade. Cells of the figures are in "
        f"{UNITS[by]}{', ± one standard deviation over runs' if several else ''}."
    )
    yield (
        "The table cells: knees (the mean over runs, where there are several), row in % of the "
        "reference grade, column in % of the given grade, row_sd over runs."
    )
    yield (
        "All else is of one answer a film: of several runs that of their mean probabilities, on "
        "the films that all of them have. Intervals are 95%, by bootstrap over patients; those of "
        f"reliability Wilson's, by knee. ROC, precision and recall: positive from KL {threshold}."
    )
