"""What a browser may say over the web socket: what the dashboard's own pages say, and no more.

Streamlit takes messages that none of these pages sends. One of them empties the caches of all
sessions, one has ``git`` list the files that were changed, and one writes folders into the project.
"""

import logging
from typing import Any

from google.protobuf.message import DecodeError
from starlette.types import Message, Receive, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import backend_operation_handler
from streamlit.runtime.runtime_util import get_max_widget_state_size_bytes

from kneeoa.errors import KneeOAError

_LOG = logging.getLogger(__name__)
ASKED = ("rerun_script", "stop_script", "file_urls_request", "app_heartbeat")
FETCHED = ("deferred_file", "dataframe_chunk")
"""What a download button and a long table ask for, the only operations of a server there are."""
_NO_MESSAGE = 1002
"""Why a connection ends: what came is none of ours (RFC 6455, section 7.4.1)."""


def only_ours(receive: Receive, send: Send) -> Receive:
    """Return what receives the messages of our own pages alone.

    Others are passed over; what is too long, or no message at all, ends the connection.
    """

    async def ours() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            data = message.get("bytes") or b""
            kind = kind_of(data) if len(data) <= get_max_widget_state_size_bytes() else None
            if kind is None or message.get("text") is not None:
                await send({"type": "websocket.close", "code": _NO_MESSAGE})
                return {"type": "websocket.disconnect", "code": _NO_MESSAGE}
            if kind in ASKED or kind in FETCHED:
                return message
            _LOG.warning("Passed over a message that no page sends: %s", kind or "an empty one")

    return ours


def kind_of(data: bytes) -> str | None:
    """Return what a message asks for, ``""`` for nothing; None where it is no message."""
    message: Any = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return None
    kind = message.WhichOneof("type") or ""
    if kind == "backend_operation_request":
        return message.backend_operation_request.WhichOneof("payload") or ""
    return kind


def in_a_sentence(record: logging.LogRecord) -> bool:
    """Have a download that could not be made said as its error says it; faults stay as they are."""
    error = record.exc_info[1] if record.exc_info else None
    cause = error.__cause__ if error else None
    if isinstance(cause, KneeOAError):
        record.msg, record.args = "A download could not be made: %s", (str(cause),)
        record.exc_info = record.exc_text = None
    return True


# Streamlit logs whatever went wrong there with its traceback.
logging.getLogger(backend_operation_handler.__name__).addFilter(in_a_sentence)
