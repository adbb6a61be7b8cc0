"""What a server does from its start on."""

import asyncio
import threading

import pytest

from kneeoa.errors import ModelError
from kneeoa.pacs import outbox
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


def test_reports_are_sent_from_the_database_that_the_pages_have(tmp_path, monkeypatch):
    # Of two that are opened, each gives turns to write of its own.
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    monkeypatch.setenv("KNEEOA_PACS_URL", "http://127.0.0.1:1/dicom-web")
    used, has_looked = [], threading.Event()

    def deliver(db, *_, **__):
        used.append(db)
        has_looked.set()

    monkeypatch.setattr(outbox, "deliver", deliver)
    running.stop()
    running.running()
    try:
        assert has_looked.wait(60)
        assert used[0] is cached.store()
    finally:
        running.stop()
        cached.store().dispose()
