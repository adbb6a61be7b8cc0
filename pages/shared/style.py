"""The page's own style, on top of the theme."""

from pathlib import Path

import streamlit as st

_FOLLOWING = Path(__file__).with_name("page_followed.js").read_text("utf-8")
_FOLLOWED = st.components.v2.component("page_followed", js=_FOLLOWING)

STYLE = """
<style>
.stMainBlockContainer {padding: 4.1rem 2.2rem 1rem;}
/* Names of films, patients and runs may have no place to break at. */
body {overflow-wrap: break-word;} h1 {text-wrap: balance;}
/* Longer lines are lost on the way back. */
:is([data-testid="stMarkdownContainer"], [data-testid="stCaptionContainer"]) > :is(p, ul, ol) {
  max-width: 62rem;}
[class*="st-key-bar_"] [data-testid="stButtonGroup"] button {min-height: 2.5rem;}
.st-key-case, button[kind] p {overflow-wrap: anywhere;}
:root {--case-line: 2.3rem; --around-film: 7rem; --practice-film: calc(100dvh - 9rem);
  --film-in-list: 24rem; --stacked: 0;}
.stMainBlockContainer > [data-testid="stVerticalBlock"] > :has(.st-key-case) {position: sticky;
  top: 3.7rem; z-index: 90; padding: .35rem 0; backdrop-filter: blur(14px);
  background: color-mix(in srgb, var(--ground, Canvas) 86%, transparent);}
[data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > .kl-keys),
.st-key-page_followed, .st-key-asks_before_leaving {position: absolute;}
/* Of buttons with one word, which one it is, for who hears the page. */
button[kind] em {position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;}
[data-testid="stCaptionContainer"] {opacity: 1;
  color: color-mix(in srgb, currentColor 78%, transparent);}
button[kind] kbd {opacity: 1;}
/* White on the dark theme's primary colour, which is bright, would not be legible; pointed at, a
   button is darker. */
button[kind^="primary"]:not(:disabled), [data-testid="stMultiSelect"] [data-tag] {color: Canvas;}
button[kind^="primary"]:not(:disabled):is(:hover, :focus-visible):not(:active) {color: white;}
button[data-rac][data-variant][data-selected]:is([data-hovered], [data-focused]) {
  color: color-mix(in srgb, #3499ad 45%, currentColor);}
button[kind="tertiary"]:not(:disabled):is(:hover, :focus-visible, :active) {color: inherit;}
button[kind="tertiary"]:not(:disabled):is(:hover, :focus-visible, :active) p {
  text-decoration: underline;}
.js-plotly-plot .heatmap-label text {fill: CanvasText !important;}
/* Plotly's theme draws the words of a figure in a grey that is too pale on white. */
.js-plotly-plot :is([class*="tick"] text, [class*="title"], .cbaxis text, .annotation-text, .nums) {
  fill: color-mix(in srgb, currentColor 78%, transparent) !important;}
.js-plotly-plot .annotation-text {paint-order: stroke; stroke: var(--ground); stroke-width: 3px;}
.kl-network {font-size: .95rem; color: color-mix(in srgb, currentColor 75%, transparent);}
.kl-grade {font-size: 2.6rem; line-height: 1.05; font-weight: 650; white-space: nowrap;}
.kl-grade span {font-size: 1.25rem; font-weight: 400; opacity: .8; padding-left: .5rem;}
.kl-code {font-size: 5.2rem; line-height: 1.1; font-weight: 700; letter-spacing: .06em;
  font-variant-numeric: tabular-nums;}
.kl-code span {font-size: 2.2rem; font-weight: 400; letter-spacing: 0; opacity: .8;}
.kl-left {font-size: 2.2rem; font-weight: 600; font-variant-numeric: tabular-nums;
  min-height: 1.3em;}
.st-key-projector .kl-network {font-size: 1.4rem;}
.st-key-projector .kl-grade {font-size: 3.4rem;}
.st-key-told p, .st-key-there p {font-size: 1.25rem; line-height: 1.4;}
.st-key-join {--join-film: calc(100dvh - 11.5rem);}
.st-key-join [data-testid="stVerticalBlock"] {gap: .5rem;}
.kl-bars {display: grid; grid-template-columns: 2.6rem 1fr 2.6rem; gap: .08rem .5rem;
  align-items: center; font-size: .9rem; font-variant-numeric: tabular-nums; margin-top: .3rem;}
.kl-bars .track {background: color-mix(in srgb, currentColor 12%, transparent);
  border-radius: 2px; height: .72rem;}
.kl-bars .fill {height: 100%; border-radius: 2px; background: #2b93a1;}
.kl-bars .share {text-align: right;}
.kl-lead {border-left: 3px solid #2b93a1; padding-left: .7rem; display: grid; gap: .3rem;}
[data-testid="stColumn"]:has(.st-key-filmstrip) {min-width: 6.2rem;}
.st-key-filmstrip {max-height: calc(100dvh - 9.3rem); overflow-y: auto; flex-wrap: nowrap;}
.st-key-filmstrip [class*="st-key-strip_"] {position: relative; flex: none;}
.st-key-filmstrip .stElementContainer:has(button), .st-key-filmstrip .stButton {position: absolute;
  inset: 0; width: 100% !important; height: 100%;}
.st-key-filmstrip button {width: 100%; height: 100%; opacity: 0; vertical-align: top;}
.kl-thumb {border: 2px solid transparent; border-radius: 4px; padding: .15rem; font-size: .8rem;
  line-height: 1.2; text-align: center;}
.kl-thumb img {width: 100%; max-height: 6rem; object-fit: contain; background: black;
  border-radius: 2px; display: block;}
.st-key-filmstrip > :has(button[kind="primary"]) .kl-thumb {border-color: #2b93a1;
  font-weight: 650;}
.kl-whose {font-weight: 400; font-size: .74rem; line-height: 1.2; overflow-wrap: anywhere;
  padding-top: .1rem;}
.kl-not-taken {position: fixed; bottom: 1.5rem; left: 50%; transform: translateX(-50%);
  z-index: 999999; padding: .5rem .9rem; border-radius: .5rem; font-size: .95rem;
  background: Canvas; color: CanvasText; box-shadow: 0 1px 6px rgb(0 0 0 / .35);
  border: 1px solid color-mix(in srgb, currentColor 35%, transparent);}
.kl-patient {font-size: .95rem; overflow-wrap: anywhere;}
[class*="st-key-cards_"] {display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fill, minmax(8.6rem, 1fr));}
[class*="st-key-card_"] {position: relative;}
[class*="st-key-card_"] .stElementContainer:has(button), [class*="st-key-card_"] .stButton {
  position: absolute; inset: 0; width: 100% !important; height: 100%;}
[class*="st-key-card_"] button {width: 100%; height: 100%; opacity: 0; vertical-align: top;}
:is(.st-key-filmstrip, [class*="st-key-card_"]) button p {opacity: 0;}
/* Who goes by the keyboard sees where she is: on a picture, and in the menu, where Streamlit has
   no more than the shade of the page that is open. */
:is(.st-key-filmstrip, [class*="st-key-card_"]) button:focus-visible {opacity: 1; background: none;}
:is(.st-key-filmstrip button, [class*="st-key-card_"] button,
  [data-testid="stHeader"] :is(a, button)):focus-visible {
  box-shadow: inset 0 0 0 3px #2b93a1 !important;}
.kl-card {border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 4px;
  padding: .3rem .35rem; font-size: .82rem; line-height: 1.3; overflow-wrap: anywhere;}
[class*="st-key-card_"]:hover .kl-card {border-color: #2b93a1;}
.kl-card img, .kl-no-film {width: 100%; aspect-ratio: 1; object-fit: contain; background: black;
  border-radius: 2px; display: block; margin-bottom: .25rem;}
.kl-no-film {display: grid; place-items: center; color: #a9b4b8; background: #20292d;}
.kl-purpose {float: right; font-size: .82rem; opacity: .7; padding: .2rem 0 0 1rem;}
.kl-badge {font-size: .82rem; padding: .05rem .45rem; border-radius: 1rem; white-space: nowrap;
  border: 1px solid color-mix(in srgb, currentColor 40%, transparent);}
.kl-cells {display: grid; grid-template-columns: repeat(5, 1fr); gap: .25rem; text-align: center;
  font-size: .84rem; line-height: 1.25; font-variant-numeric: tabular-nums;}
.kl-cells div {border-radius: 3px; padding: .2rem 0;
  background: color-mix(in srgb, #2b93a1 calc(var(--share) * .75), transparent);
  border: 1px solid color-mix(in srgb, currentColor 14%, transparent);}
:is(.kl-bars, .kl-cells) .most {font-weight: 650;}
.kl-cells .in-range {border-color: #2b93a1; box-shadow: inset 0 -3px #2b93a1;}
.kl-note {font-size: .86rem; line-height: 1.35;
  color: color-mix(in srgb, currentColor 85%, transparent);}
/* It leaves formulas in the cells; tables have a button of their own. */
[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]),
[class*="st-key-archive_table"] [data-testid="stElementToolbar"],
[class*="st-key-inbox_table"] [data-testid="stElementToolbar"] {display: none;}
.kl-saved {padding: .45rem 0; text-align: center;}
.kl-saved::before {content: "\\2713  "; color: #2b93a1; font-weight: 650;}
.st-key-own_grades button {padding: 0 .3rem; min-height: 2.1rem;}
:is(.st-key-reveal_when, .st-key-patients_shown) button [data-testid="stMarkdownContainer"] {
  position: absolute; width: 1px;
  height: 1px; overflow: hidden; clip-path: inset(50%);}
.st-key-own_grades button kbd, .st-key-own_grades [data-testid="stShortcut"] {display: none;}
/* No keys, no word of them: beside a grade a digit reads as another grade. */
@media (hover: none) {button :is(kbd, [data-testid="stShortcut"]) {display: none;}}
/* A projector's screen is low: what is told of a film stands on it whole. */
@media (max-height: 760px) {
  .st-key-told p {font-size: 1.1rem; line-height: 1.3;}
  .st-key-projector .kl-grade {font-size: 2.6rem;}
}
@media (max-width: 1300px), (pointer: coarse) {
  .st-key-own_grades {flex-wrap: wrap !important;}
  .st-key-own_grades > :first-child {flex: 1 0 calc(100% - 4rem);}
  .st-key-own_grades > [class*="st-key-own_"] {order: 1; flex: 1 0 2.25rem; width: auto;
    min-width: 2.25rem;}
  .st-key-own_grades button {min-height: 2.5rem;}
}
.kl-all-grades {display: grid; gap: 1rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr));}
.kl-all-grades br {line-height: 2.2;}
.kl-scale {display: flex; align-items: center; gap: .5rem; font-size: .82rem;}
.kl-quiet {color: color-mix(in srgb, currentColor 70%, transparent);}
.kl-apart-1 {color: color-mix(in srgb, #b97400 65%, currentColor); font-weight: 600;}
.kl-apart-2 {color: color-mix(in srgb, #d2452d 75%, currentColor); font-weight: 650;}
.kl-profile {font-size: .92rem; font-weight: 600;
  color: color-mix(in srgb, #8767b5 65%, currentColor);}
.kl-answers {border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums;}
.kl-answers th {font-weight: 500; opacity: .75; text-align: left;}
.kl-answers th, .kl-answers td {padding: .15rem .7rem .15rem 0;}
.kl-answers .kl-share {text-align: center; padding: .15rem .5rem;
  background: color-mix(in srgb, #2b93a1 calc(var(--share) * .75), transparent);}
.kl-answers .kl-mine td:first-child {font-weight: 650;}
.st-key-beside td, .st-key-beside th {white-space: nowrap; vertical-align: baseline;}
.st-key-beside .kl-told {white-space: normal; line-height: 1.35;}
.kl-known {display: grid; gap: .7rem; font-size: .92rem;}
.kl-known .kl-grade {font-size: 1.8rem;}
.kl-known :is(.kl-cells, .kl-note) {margin-top: .25rem;} .kl-known + .kl-note {margin-top: .7rem;}
.kl-scale img {height: .7rem; flex: 1; min-width: 4rem; border-radius: 2px;}
.stMainBlockContainer > [data-testid="stVerticalBlock"] {gap: .6rem;}
.st-key-networks, .st-key-networks [data-testid="stVerticalBlock"] {gap: .55rem;}
.st-key-reading [data-testid="stColumn"]:has(.st-key-networks) {
  min-width: clamp(14.2rem, 24vw, 19rem);}
@media (min-width: 641px) {
  :root:has(.st-key-profile_line) {--around-film: calc(7.6rem + var(--profile-line, 2.5rem));}
  .st-key-workbench [data-testid="stColumn"]:has(.st-key-matrix) {position: sticky; top: 4rem;
    align-self: flex-start; min-width: 20rem;}
  .st-key-reading > div > [data-testid="stHorizontalBlock"] {flex-wrap: nowrap;}
  .st-key-reading [data-testid="stColumn"]:has(.st-key-viewer) {min-width: 0;}
  .st-key-reading [data-testid="stColumn"]:has(.st-key-filmstrip) {min-width: 5rem;}
  .st-key-reading [data-testid="stColumn"]:has(.st-key-viewer) {position: sticky;
    top: calc(4.6rem + var(--case-line)); align-self: flex-start;}
}
@media (max-width: 1100px) {
  .stMainBlockContainer {padding-left: .8rem; padding-right: .8rem;}
  .st-key-networks .kl-lead {padding-left: .5rem;}
  .st-key-networks .kl-lead .kl-grade {font-size: 1.8rem;}
  .kl-cells {font-size: .78rem; gap: .15rem;}
  .st-key-networks :is([data-testid="stButtonGroup"], [data-testid="stPopover"]) button {
    padding-left: .4rem; padding-right: .4rem;}
}
@media (max-width: 1800px) {
  .st-key-two_sets > div > [data-testid="stHorizontalBlock"] {flex-wrap: wrap;}
  .st-key-two_sets > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {
    min-width: 100%;}
}
/* Where the viewer (viewer.css, 560 px) puts films of a row below each other. */
@media (max-width: 585px) {:root {--stacked: 1;}}
@media (max-width: 640px) {
  :root {--practice-film: max(15rem, min(56vh, 100dvh - 33rem));}
  .st-key-join {--join-film: max(15rem, min(56vh, 100dvh - 30rem));}
  :root {--film-in-list: 33rem;}
  /* What a network said stands above the grades, and the last of their buttons in sight, too. */
  :root:has(.st-key-network_said) {--practice-film: max(18rem, min(56vh, 100dvh - 40rem));}
  .st-key-network_said .kl-grade {font-size: 1.8rem;}
  [data-testid="stVerticalBlock"]:has(> [class*="st-key-grade_"]) {gap: .3rem;}
  /* A choice beyond the edge is one that nobody knows of. */
  [data-testid="stButtonGroup"] > div {flex-wrap: wrap; row-gap: .2rem;}
  /* Streamlit leaves out the edge towards the one that is chosen: it may stand in another row. */
  button[data-variant="segmented_control"][data-selected] {position: relative; z-index: 1;}
  button[data-variant="segmented_control"]:not([data-selected]) {
    border-color: color-mix(in srgb, currentColor 20%, transparent) !important;}
  .st-key-practice_keys, .kl-file {display: none;}
  /* The films in one row; then film, grades, answer, so that the film is in sight while it is
     graded; then all else that stands beside the film where there is room. */
  :root {--around-film: calc(12.6rem + var(--strip, 0rem) + var(--knees, 0rem));}
  :root:has(.st-key-filmstrip) {--strip: 6.2rem;}
  :root:has([class*="st-key-knee--"]) {--knees: 4.8rem;}
  .st-key-reading > div > [data-testid="stHorizontalBlock"] {row-gap: .6rem;}
  .st-key-reading :is([data-testid="stColumn"], [data-testid="stColumn"] > *,
    [data-testid="stLayoutWrapper"]):has(> .st-key-networks, > * > .st-key-networks,
    > * > * > .st-key-networks), .st-key-networks {display: contents;}
  .st-key-networks > * {order: 3; flex: 1 0 100%;}
  .st-key-networks > :has([data-testid="stAlert"]) {order: -3;}
  .st-key-networks > :is([class*="st-key-knee--"], :has(> .st-key-grades)) {order: 1;}
  .st-key-networks > :has(> .st-key-answers) {order: 2;}
  .st-key-networks [data-testid="stColumn"] {min-width: calc(50% - 1rem);}
  .st-key-reading [data-testid="stColumn"]:has(.st-key-filmstrip) {order: -2; flex: 1 0 100%;}
  .st-key-filmstrip {flex-flow: row nowrap; max-height: none; overflow: auto hidden;}
  .st-key-filmstrip > * {flex: none; width: 4.7rem;}
  .st-key-beside tr {display: grid; grid-template-columns: 6rem 1fr 1fr;}
  .st-key-beside :is(td, th) {white-space: normal;} .st-key-beside .kl-told {grid-column: 1 / -1;}
  .kl-thumb {font-size: .74rem;} .kl-thumb img {max-height: 2.9rem;}
  .st-key-filmstrip .kl-whose:not(.kl-apart-1) {white-space: nowrap; overflow: hidden;
    text-overflow: ellipsis;}
  .st-key-case {font-size: .9rem; line-height: 1.3;}
  .st-key-case [data-testid="stHtml"] {display: flow-root;}
  .kl-purpose {float: none; padding: 0; font-size: .7rem; line-height: 1.2;}
  .kl-purpose + b {display: inline-block; max-width: 100%; overflow: hidden;
    text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom;}
}
:root[data-box-unread] :is(.st-key-networks .kl-lead, .st-key-networks details, .kl-said,
  .st-key-filmstrip > :has(button[kind="primary"]) .kl-thumb > div) {opacity: .3;}
.st-key-networks .kl-scale {flex-wrap: wrap; justify-content: space-between; gap: 0 .5rem;}
.st-key-networks .kl-scale img {order: -1; flex-basis: 100%;}
.st-key-networks .kl-lead .kl-grade {font-size: 2.2rem;}
.st-key-networks .kl-grade {font-size: 1.5rem;}
.st-key-networks .kl-grade span {display: block; padding: 0; font-size: 1rem;}
.st-key-networks .kl-bars {grid-template-columns: 2rem 1fr 2.2rem; gap: .08rem .3rem;}
</style>
"""


def apply_style() -> None:
    """Put the page's style in place."""
    st.html(STYLE)
    _FOLLOWED(key="page_followed", height="content")


def hide_menu() -> None:
    """Hide the menu of the whole program on this page, and what `controls` holds.

    The controls are hidden from the eye alone: their keys go on, and who comes to them by the Tab
    key sees them. `way_out` is hardly seen until it is pointed at.
    """
    st.html(
        "<style>[data-testid=stHeader] {display: none;}"
        ".stMainBlockContainer {padding-top: 1rem;}"
        ".st-key-way_out {max-width: 16rem; opacity: 0.45;}"
        ".st-key-way_out:is(:hover, :focus-within) {opacity: 1;}"
        ".st-key-controls {position: fixed; right: 1rem; z-index: 99; bottom: 1rem; width: 30rem;"
        " padding: 1rem; border-radius: 8px;"
        " background: Canvas; opacity: 0; pointer-events: none;}"
        ".st-key-controls:focus-within {opacity: 1; pointer-events: auto;}</style>"
    )


def mark_room(item: int, title: str) -> None:
    """Show in the menu's item of that number, from 1, that it holds the page `title`."""
    room = f"[data-testid=stTopNav] > :nth-child({item}) [data-testid=stTopNavSection]"
    st.html(
        f"<style>{room} {{background: color-mix(in srgb, currentColor 9%, transparent);}}"
        f"{room} p::after {{content: ' / {title}'; font-weight: 600;}}</style>"
    )
