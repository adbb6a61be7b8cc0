"""Where the films came from and under which licence, for the pages that say so."""

import streamlit as st


def show(cards) -> None:
    """Show author, title, licence and origin of the data of the published models."""
    card = next(iter(cards.values()))
    data = card["data"]
    st.subheader("Data and attribution")
    st.markdown(
        f"{data['author']} ({data['year']}): *{data['name']}*, "
        f"[doi {data['doi']}](https://doi.org/{data['doi']}), "
        f"[{data['licence']}]({data['licence_url']}). {data['origin']} {data['split']}"
    )
