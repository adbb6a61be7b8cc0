"""What a browser may say over the web socket; no server runs."""

import asyncio
import logging

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_storage import MediaFileStorageError

from kneeoa.errors import KneeOAError
from pages.shared.access import messages


def said(**fields):
    return BackMsg(**fields).SerializeToString()


def hear(*frames):
    """Return which of `frames` the app hears before the connection ends, and what it is sent."""
    came = [frame if isinstance(frame, dict) else {"bytes": frame} for frame in frames]
    came = [{"type": "websocket.receive"} | one for one in came]
    waiting, sent, heard = iter([*came, {"type": "websocket.disconnect", "code": 1001}]), [], []

    async def receive():
        return next(waiting)

    async def send(message):
        sent.append(message)

    async def app():
        ours = messages.only_ours(receive, send)
        while (message := await ours())["type"] == "websocket.receive":
            heard.append(message["bytes"])

    asyncio.run(app())
    return heard, sent


def operation(name):
    message = BackMsg()
    getattr(message.backend_operation_request, name).SetInParent()
    return message.SerializeToString()


OURS = [
    said(rerun_script={"query_string": "code=ABC"}),
    said(stop_script=True),
    said(app_heartbeat=True),
    said(file_urls_request={"request_id": "1", "file_names": ["a.png"]}),
    operation("deferred_file"),
    operation("dataframe_chunk"),
]


def test_what_our_pages_say_is_heard():
    assert hear(*OURS) == (OURS, [])


def test_what_empties_caches_writes_files_or_looks_into_the_project_is_passed_over():
    foreign = [
        said(clear_cache=True),
        said(load_git_info=True),
        said(set_run_on_save=True),
        said(debug_shutdown_runtime=True),
        operation("install_skills"),
        operation("dismiss_skills_nudge"),
        said(backend_operation_request={"request_id": "1"}),
        b"",
    ]
    assert hear(*foreign, OURS[0]) == ([OURS[0]], [])


def test_whatever_streamlit_will_know_one_day_is_passed_over_until_we_do():
    fields = {field.name for field in BackMsg.DESCRIPTOR.fields}
    assert {*messages.ASKED, "backend_operation_request"} <= fields
    operations = BackMsg().backend_operation_request.DESCRIPTOR.oneofs_by_name["payload"]
    assert set(messages.FETCHED) <= {field.name for field in operations.fields}


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff",
        {"bytes": None, "text": "clear"},
        {"bytes": OURS[0], "text": "clear"},
    ],
)
def test_what_is_no_message_ends_the_connection(frame):
    heard, sent = hear(frame, OURS[0])
    assert heard == []
    assert sent == [{"type": "websocket.close", "code": 1002}]


def test_a_message_that_is_too_long_ends_the_connection(monkeypatch):
    monkeypatch.setattr(messages, "get_max_widget_state_size_bytes", lambda: 100)
    long = said(rerun_script={"query_string": "x" * 100})
    assert hear(long)[1] == [{"type": "websocket.close", "code": 1002}]


class Failing:
    """What Streamlit keeps downloads in, where making one fails."""

    def __init__(self, error):
        self.error = error

    def execute_deferred(self, file_id):
        raise MediaFileStorageError("Callable execution failed") from self.error


def failed(error, caplog):
    handler = DeferredFileHandler(lambda: Failing(error))
    message = BackMsg()
    message.backend_operation_request.deferred_file.file_id = "1"
    with caplog.at_level(logging.ERROR):
        answer = asyncio.run(handler.handle(message.backend_operation_request, "session"))
    assert answer.error_msg
    (record,) = caplog.records
    return record


def test_a_download_that_fails_is_logged_as_a_sentence(caplog):
    record = failed(KneeOAError("Expected a key. None is set."), caplog)
    assert record.getMessage() == "A download could not be made: Expected a key. None is set."
    assert record.exc_info is None


def test_a_fault_of_the_program_keeps_its_traceback(caplog):
    assert failed(KeyError("x"), caplog).exc_info
