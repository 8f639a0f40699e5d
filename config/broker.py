"""The filesystem broker of the embedded default, with messages that appear whole.

kombu's transport writes a message straight into the queue folder; a worker that takes it
between the opening and the writing reads nothing and dies of it. Here a message is written
beside the queue under another name and renamed into it, and one that cannot be read is said
and left out: a message only wakes, the mark or the job's row is found by the sweep.
"""

import logging
import os
from pathlib import Path
from time import monotonic
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue, payload, **kwargs):  # type: ignore[override]
        """Put a message onto the queue, whole or not at all."""
        name = f"{round(monotonic() * 1000)}_{uuid4()}"
        folder = Path(self.data_folder_out)
        # kombu takes files whose name after the first dot is <queue>.msg: this one it does not.
        unfinished, message = folder / f"{name}.writing", folder / f"{name}.{queue}.msg"
        try:
            unfinished.write_bytes(str_to_bytes(dumps(payload)))
            os.replace(unfinished, message)
        except OSError as error:
            raise ChannelError(f"Cannot add {message}") from error

    def _get(self, queue):  # type: ignore[override]
        """The next message that can be read. Raises Empty when there is none."""
        while True:
            try:
                return super()._get(queue)
            except ValueError as error:  # its file is gone by now
                log.warning("A message of queue %s is unreadable, left out: %s", queue, error)


class Transport(filesystem.Transport):
    Channel = Channel


def register() -> None:
    """Let filesystem:// mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
