"""What a server does from its start on."""

import asyncio

import pytest

from kneeoa.errors import ModelError
from pages import lifespan
from pages.shared import cached
from pages.shared.pacs import running


@pytest.fixture
def loads(monkeypatch):
    """How often the networks were asked for; PACS stays out of it."""
    asked = []
    monkeypatch.setattr(cached, "graders", lambda: asked.append(None))
    monkeypatch.setattr(running, "running", lambda: None)
    return asked


def live():
    async def through():
        async with lifespan.lifespan(None):
            for _ in range(500):
                await asyncio.sleep(0.01)
                if not [one for one in lifespan.threading.enumerate() if one.name == "networks"]:
                    return

    asyncio.run(through())


def test_the_networks_are_loaded_without_a_page(loads):
    live()
    assert len(loads) == 1


def test_a_server_without_networks_starts_all_the_same(monkeypatch, loads):
    def damaged():
        loads.append(None)
        raise ModelError("Expected a model.")

    failed = []
    monkeypatch.setattr(cached, "graders", damaged)
    monkeypatch.setattr(lifespan.threading, "excepthook", failed.append)
    live()
    assert len(loads) == 1
    assert failed == []
