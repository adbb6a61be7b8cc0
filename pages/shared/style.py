"""The page's own style, on top of the theme."""

import streamlit as st

STYLE = """
<style>
.stMainBlockContainer {padding: 4.1rem 2.2rem 1rem;}
.st-key-case {position: sticky; top: 3.7rem; z-index: 90; padding: .35rem 0;
  backdrop-filter: blur(14px);}
.js-plotly-plot .parcoords text {text-shadow: none !important;}
.st-key-viewer .js-plotly-plot {background: black;}
[data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > .kl-keys) {position: absolute;}
.kl-network {font-size: .95rem; opacity: .75;}
.kl-grade {font-size: 2.6rem; line-height: 1.05; font-weight: 650; white-space: nowrap;}
.kl-grade span {font-size: 1.25rem; font-weight: 400; opacity: .8; padding-left: .5rem;}
.kl-code {font-size: 5.2rem; line-height: 1.1; font-weight: 700; letter-spacing: .06em;
  font-variant-numeric: tabular-nums;}
.kl-code span {font-size: 2.2rem; font-weight: 400; letter-spacing: 0; opacity: .8;}
.st-key-projector .kl-network {font-size: 1.4rem;}
.st-key-projector .kl-grade {font-size: 3.4rem;}
.st-key-told p, .st-key-there p {font-size: 1.25rem; line-height: 1.4;}
.st-key-join img {max-height: max(9rem, min(44vh, 100dvh - 30rem)); object-fit: contain;
  object-position: left;}
.st-key-join [data-testid="stVerticalBlock"] {gap: .5rem;}
.kl-bars {display: grid; grid-template-columns: 2.6rem 1fr 2.6rem; gap: .08rem .5rem;
  align-items: center; font-size: .9rem; font-variant-numeric: tabular-nums; margin-top: .3rem;}
.kl-bars .track {background: color-mix(in srgb, currentColor 12%, transparent);
  border-radius: 2px; height: .72rem;}
.kl-bars .fill {height: 100%; border-radius: 2px; background: #2b93a1;}
.kl-bars .most {font-weight: 650;}
.kl-bars .share {text-align: right;}
.kl-together {display: grid; grid-template-columns: 1fr 1.7fr; gap: .2rem .8rem;
  align-items: center; border-left: 3px solid #2b93a1; padding-left: .7rem;}
.kl-together .kl-note {grid-column: 1 / -1;}
.kl-together div > b {font-size: 1.7rem; line-height: 1.15;}
.kl-together .kl-note b {font-size: inherit;}
.kl-cells {display: grid; grid-template-columns: repeat(5, 1fr); gap: .25rem; text-align: center;
  font-size: .84rem; line-height: 1.25; font-variant-numeric: tabular-nums;}
.kl-cells div {border-radius: 3px; padding: .2rem 0;
  background: color-mix(in srgb, #2b93a1 calc(var(--share) * .75), transparent);
  border: 1px solid color-mix(in srgb, currentColor 14%, transparent);}
.kl-cells .most {font-weight: 650;}
.kl-note {font-size: .86rem; opacity: .85; line-height: 1.35;}
.kl-scale {display: flex; align-items: center; gap: .5rem; font-size: .82rem;}
.kl-quiet {opacity: .7;}
.kl-apart-1 {color: #b97400; font-weight: 600;}
.kl-apart-2 {color: #d2452d; font-weight: 650;}
.kl-profile {font-size: .92rem; font-weight: 600;
  color: color-mix(in srgb, #8767b5 65%, currentColor);}
.kl-answers {border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums;}
.kl-answers th {font-weight: 500; opacity: .75; text-align: left;}
.kl-answers th, .kl-answers td {padding: .15rem .7rem .15rem 0;}
.kl-answers .kl-share {text-align: center; padding: .15rem .5rem;
  background: color-mix(in srgb, #2b93a1 calc(var(--share) * .75), transparent);}
.kl-answers .kl-mine td:first-child {font-weight: 650;}
.kl-scale img {height: .7rem; flex: 1; min-width: 4rem; border-radius: 2px;}
.stMainBlockContainer > [data-testid="stVerticalBlock"] {gap: .6rem;}
.st-key-networks [data-testid="stVerticalBlock"] {gap: .55rem;}
</style>
"""


def apply_style() -> None:
    """Put the page's style in place."""
    st.html(STYLE)


def mark_room(item: int, title: str) -> None:
    """Show in the menu's item of that number, from 1, that it holds the page `title`."""
    room = f"[data-testid=stTopNav] > :nth-child({item}) [data-testid=stTopNavSection]"
    st.html(
        f"<style>{room} {{background: color-mix(in srgb, currentColor 9%, transparent);}}"
        f"{room} p::after {{content: ' / {title}'; font-weight: 600;}}</style>"
    )
