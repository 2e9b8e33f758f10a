"""`dynmap geo`: build a location table, look addresses up in it, say what it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dynmap.geo.progress import bar

if TYPE_CHECKING:
    from rich.table import Table

    from dynmap.geo.table import LocationTable, Place

_geo = click.option(
    "--geo",
    "source",
    type=click.Path(path_type=Path),
    envvar="DYNMAP_GEO",
    metavar="FILE",
    help="MMDB file or built table to look into [the one that comes with DynMap].",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def geo() -> None:
    """Build, look up and describe the location table."""


@geo.command()
@click.option(
    "--from",
    "mmdbs",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="MMDB",
    help="City database: GeoLite2, GeoIP2, DB-IP or IPinfo. Twice when IPv4 and IPv6 are apart.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("location-table"),
    show_default=True,
    metavar="DIR",
    help="Where to put the table; an older one there is replaced.",
)
def build(mmdbs: tuple[Path, ...], out: Path) -> None:
    """Build a location table from an MMDB, to be used with --geo DIR.

    Without --from, in a working copy, from the database that `npm ci` put into location/.
    """
    from dynmap.geo import build as building
    from dynmap.geo import columns
    from dynmap.geo.progress import part
    from dynmap.geo.table import LocationTable

    columns.refuse_other_contents(out)
    with bar() as progress:
        table, metadata = building.build(mmdbs or building.default_mmdbs(), part(progress, 0.0, 0.9))
        progress(f"writing {out}", 0.9)
        columns.save(out, table, metadata)
    _show_info(LocationTable.open(out))


@geo.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@_geo
@_json
def lookup(addresses: tuple[str, ...], source: Path | None, as_json: bool) -> None:
    """Where addresses are. With --json, one object a line; "place" is null for an address that is nowhere."""
    from rich.table import Table

    table = _open(source)
    found = {address: _looked_up(table, address) for address in addresses}
    if as_json:
        for address, place in found.items():
            click.echo(json.dumps({"address": address, "place": place and asdict(place)}, ensure_ascii=False))
        return
    shown = Table("address", "place", "latitude", "longitude", "")
    for address, place in found.items():
        shown.add_row(address, *(_row(place) if place else (_why_nowhere(address), "", "", "")))
    _print(shown)


@geo.command()
@_geo
@_json
def info(source: Path | None, as_json: bool) -> None:
    """What the location table is made from and holds."""
    table = _open(source)
    if as_json:
        click.echo(json.dumps(table.info(), ensure_ascii=False))
    else:
        _show_info(table)


def _open(source: Path | None) -> LocationTable:
    from dynmap.geo.table import open_table

    with bar() as progress:
        return open_table(source, progress)


def _looked_up(table: LocationTable, address: str) -> Place | None:
    try:
        return table.lookup(address)
    except ValueError:
        raise click.BadParameter(f"{address!r} is not an IP address") from None


def _row(place: Place) -> tuple[str, ...]:
    name = ", ".join(filter(None, (place.name, place.region, place.country)))
    return name, f"{place.lat:.4f}", f"{place.lon:.4f}", "coarse" if place.coarse else ""


def _why_nowhere(address: str) -> str:
    from dynmap.geo.addresses import is_private

    return "nowhere: a private address" if is_private(address) else "nowhere: not in the table"


def _show_info(table: LocationTable) -> None:
    from rich.table import Table

    info = table.info()
    built = datetime.fromtimestamp(info["build_epoch"], UTC)
    shown = Table(show_header=False)
    shown.add_row("table", info["path"])
    shown.add_row("made from", f"{info['source']}, of {built:%Y-%m-%d}")
    shown.add_row("licence", info["licence"])
    shown.add_row("attribution", " ".join(filter(None, (info["attribution"], info["link"]))))
    shown.add_row("places", f"{info['places']:,}, of which coarse {info['coarse_places']:,}")
    shown.add_row(
        "IPv4", f"{info['ipv4_ranges']:,} ranges, {info['ipv4_located_share']:.1%} of all addresses located"
    )
    shown.add_row("IPv6", f"{info['ipv6_ranges']:,} ranges")
    _print(shown)


def _print(shown: Table) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console.width = 200  # nothing is cut or wrapped where programs read it
    console.print(shown)
