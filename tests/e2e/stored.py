"""All that a storage account holds, as text: to look for what must not be there."""

import gzip
from collections.abc import Iterator

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

MOST_PEEKED = 32
"""Messages that a queue shows without handing them out."""


def texts(connection: str) -> Iterator[str]:
    """Return each row of each table, each blob, and the messages that are visible in queues."""
    with TableServiceClient.from_connection_string(connection) as tables:
        for table in tables.list_tables():
            with tables.get_table_client(table.name) as client:
                yield from (repr(dict(entity)) for entity in client.list_entities())
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in blobs.list_containers():
            with blobs.get_container_client(container.name) as client:
                for name in client.list_blob_names():
                    yield _text(client.download_blob(name).readall())
    with QueueServiceClient.from_connection_string(connection) as queues:
        for queue in queues.list_queues():
            with queues.get_queue_client(queue.name) as client:
                yield from (message.content for message in client.peek_messages(MOST_PEEKED))


def _text(content: bytes) -> str:
    """Read a blob; Microsoft's engine packs messages that are too large for a queue."""
    packed = content.startswith(b"\x1f\x8b")
    return (gzip.decompress(content) if packed else content).decode(errors="replace")
