"""A report as a map: GeoJSON (RFC 7946), the area and a point for each site."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TextIO

from umsalert import reports
from umsalert.documents.streaming import write_json
from umsalert.geo.circles import outline
from umsalert.geo.reach import reach_m
from umsalert.model import Circle, Everywhere, Polygon
from umsalert.words.plain import printable
from umsalert.words.times import utc

if TYPE_CHECKING:
    from umsalert.documents.material import Material


def write(file: TextIO, material: Material) -> None:
    """Write the report as a FeatureCollection, a feature each line."""
    marked = {"exercise": material.report.alert.exercise}
    sites = (_site(site, marked) for site in reports.sites(material.rows))
    features = itertools.chain([_area(material.report)], sites)
    write_json(file, {"type": "FeatureCollection", "features": features})


_SHAPES = {Circle: "circle", Polygon: "polygon", Everywhere: "everywhere"}


def _area(report: reports.AlertReport) -> dict[str, Any]:
    alert = report.alert
    return {
        "type": "Feature",
        "id": alert.ref,
        "geometry": None if isinstance(alert.area, Everywhere) else outline(alert.area),
        "properties": {
            "kind": "area",
            "shape": _SHAPES[type(alert.area)],
            "lat": alert.area.lat,
            "lon": alert.area.lon,
            "radius_m": reach_m(alert.area),
            "template": alert.template,
            "exercise": alert.exercise,
            "incident": alert.incident_ref,
            "follows": alert.follows and alert.follows.ref,
            "incident_at": utc(alert.incident_at),
            "created_at": utc(alert.created_at),
            "cancelled_at": alert.cancelled and utc(alert.cancelled.at),
            "fact_to_first_sms_s": report.fact_to_first_sms_s,
            "sites_alerted": report.sites_alerted,
            "sites_reached": report.sites_reached,
            "sites_acknowledged": report.sites_acknowledged,
            "deliveries": report.deliveries,
            "accepted": sum(channel.accepted for channel in report.channels),
            "delivered": sum(channel.delivered for channel in report.channels),
            "acknowledged": sum(channel.acknowledged for channel in report.channels),
        },
    }


def _site(site: reports.SiteReport, marked: dict[str, bool]) -> dict[str, Any]:
    answer = site.answer
    return {
        "type": "Feature",
        "id": site.ref,
        "geometry": {"type": "Point", "coordinates": [site.lon, site.lat]},
        "properties": {
            "kind": "site",
            **marked,
            "name": site.name,
            "distance_m": round(site.distance_m, 1),
            "deliveries": site.deliveries,
            "accepted": site.accepted,
            "delivered": site.delivered,
            "acknowledged": site.acknowledged,
            "not_needed": site.not_needed,
            "answer": answer and answer.kind,
            "answered_at": answer and utc(answer.received_at),
            "words": printable(answer.text) if answer else None,
        },
    }
