"""What an officer would typically fill in, for every shipped template."""

from __future__ import annotations

TYPICAL = {
    "search-person": {
        "description": "Homme, 30 ans environ, 1m80, veste rouge, jean, casquette noire",
        "last_seen": "place Masséna",
        "direction": "gare Thiers",
    },
    "search-vehicle": {
        "vehicle": "Renault Clio grise, aile avant droite enfoncée",
        "plate": "AB-123-CD",
        "last_seen": "péage de Saint-Isidore",
        "direction": "Cannes",
    },
    "lockdown": {"instructions": "Fermez les grilles du parking"},
    "vigilance": {
        "level": "Sécurité renforcée - risque attentat",
        "message": "Contrôlez les accès et signalez tout colis abandonné.",
        "until": "lundi 8h",
    },
    "correction": {
        "sent_at": "18h15",
        "cancelled_alert": "20261125-k7f3",
        "note": "Un autre message suit.",
    },
    "all-clear": {"ended_alert": "20261125-k7f3", "outcome": "La personne a été retrouvée."},
}
