"""What a run shows: it goes on with what an earlier run left under way, then imports the sample."""

from datetime import UTC, datetime

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local.run import samples
from local.run.client import CatalogClient, Json
from local.run.display import display

COMPLETE = "IMPORT_COMPLETE"
_FACTS = (
    ("Source", "imageVersion"),
    ("Machine", "vmName"),
    ("Size", "vmSize"),
    ("Region", "region"),
    ("Address", "privateIpAddress"),
)
"""What of a copy's data is worth a line."""


async def demonstrate(client: CatalogClient, console: Console) -> bool:
    """Import the sample, and return whether the image is complete. Raises ClientError."""
    images = await client.images()
    if images:
        _say(console, f"Images from earlier runs: {len(images)}")
    names = {image["id"]: image["name"] for image in images}
    for operation in await client.operations_under_way():
        _say(console, f"\nGoing on with {names.get(operation['imageId'], 'an image')}, which was under way")
        ended = await _watch(client, console, client.url(f"operations/{operation['id']}"))
        _say(console, f"It has ended: {ended['status']}{_reason(ended)}")
    body = samples.windows_import(names.values(), datetime.now(UTC).date())
    await client.put(f"provider-instances/{body['providerInstanceId']}", samples.provider_instance())
    accepted = await client.import_image(body)
    _say(console, f"\nImporting {body['streamName']} ({body['os']})")
    operation = await _watch(client, console, accepted.operation_url)
    return await _show_result(client, console, operation)


async def _watch(client: CatalogClient, console: Console, operation_url: str) -> Json:
    operation: Json = {}
    with display(console) as shown:
        async for operation in client.follow(operation_url):
            shown.update(operation)
    return operation


async def _show_result(client: CatalogClient, console: Console, operation: Json) -> bool:
    image_path = f"images/{operation['imageId']}"
    version_path = f"{image_path}/versions/{operation['versionId']}"
    image = await client.get(image_path)
    version = await client.get(version_path)
    copy = await client.get(f"{version_path}/copies/{operation['assetId']}")
    complete = bool(image["status"] == COMPLETE)
    table = Table.grid(padding=(0, 2))
    for name, record in (("Image", image), ("Version", version), ("Copy", copy)):
        table.add_row(name, Text(record.get("name") or record.get("type") or ""), record["status"])
        table.add_row("", Text(record["id"], style="dim"))
    data = (copy.get("assetDetails") or {}).get("data") or {}
    for name, member in _FACTS:
        if member in data:
            table.add_row(name, Text(str(data[member])))
    title = "The import is complete" if complete else f"The import has ended: {operation['status']}"
    console.print()
    console.print(Panel.fit(table, title=title, border_style="green" if complete else "red"))
    if not complete:
        _say(console, f"{operation['status']}{_reason(operation)}")
    _say(console, "\nGo on with:")
    if "retry" in operation.get("links", {}):
        _say(console, f"  curl -X POST '{operation['links']['retry']}'")
    for path in (image_path, f"{image_path}/history", "images", "operations"):
        _say(console, f"  curl '{client.url(path)}'")
    return complete


def _reason(operation: Json) -> str:
    error = operation.get("error") or {}
    return f", {error.get('code')}: {error.get('message')}" if error else ""


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
