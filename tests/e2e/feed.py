"""A lifelike minute of the world: the same events in each run."""

from __future__ import annotations

import random

from e2e.mapped import Event

TOPICS = {"web.200": 60, "web.404": 8, "orders.paid": 18, "mail.open": 9, "alert.latency": 3}
"""How often they are, about."""

_TOWNS = """
Tokyo 139.69 35.69 37;Osaka 135.50 34.69 19;Seoul 126.98 37.57 10;Beijing 116.40 39.90 19
Shanghai 121.47 31.23 26;Hong_Kong 114.16 22.32 8;Taipei 121.56 25.03 7;Manila 120.98 14.60 13
Jakarta 106.85 -6.21 11;Singapore 103.82 1.35 6;Bangkok 100.50 13.76 10;Hanoi 105.83 21.03 8
Delhi 77.21 28.61 29;Mumbai 72.88 19.08 20;Bangalore 77.59 12.97 11;Karachi 67.01 24.86 15;Tehran 51.39 35.69 9
Dubai 55.27 25.20 3;Riyadh 46.68 24.71 7;Istanbul 28.98 41.01 15;Cairo 31.24 30.04 20;Lagos 3.38 6.52 13
Nairobi 36.82 -1.29 4;Johannesburg 28.05 -26.20 9;Cape_Town 18.42 -33.92 4;Casablanca -7.59 33.57 4
Accra -0.19 5.60 4;Moscow 37.62 55.76 12;Kyiv 30.52 50.45 3;Warsaw 21.01 52.23 5;Berlin 13.41 52.52 9
Hamburg 9.99 53.55 4;Munich 11.58 48.14 4;Frankfurt 8.68 50.11 8;Paris 2.35 48.86 11;London -0.13 51.51 14
Manchester -2.24 53.48 5;Dublin -6.26 53.35 4;Amsterdam 4.90 52.37 7;Madrid -3.70 40.42 6;Barcelona 2.17 41.39 5
Lisbon -9.14 38.72 3;Rome 12.50 41.90 4;Milan 9.19 45.46 4;Vienna 16.37 48.21 3;Stockholm 18.07 59.33 3
Helsinki 24.94 60.17 2;Reykjavik -21.94 64.15 1;New_York -74.01 40.71 19;Boston -71.06 42.36 6
Washington -77.04 38.91 8;Atlanta -84.39 33.75 6;Miami -80.19 25.76 6;Chicago -87.63 41.88 9
Dallas -96.80 32.78 7;Denver -104.99 39.74 4;Phoenix -112.07 33.45 4;Los_Angeles -118.24 34.05 13
San_Francisco -122.42 37.77 9;Seattle -122.33 47.61 5;Vancouver -123.12 49.28 3;Toronto -79.38 43.65 6
Montreal -73.57 45.50 4;Mexico_City -99.13 19.43 21;Bogota -74.07 4.71 8;Lima -77.04 -12.05 9
Santiago -70.67 -33.45 6;Buenos_Aires -58.38 -34.60 13;Sao_Paulo -46.63 -23.55 21;Rio -43.17 -22.91 11
Recife -34.88 -8.05 3;Sydney 151.21 -33.87 5;Melbourne 144.96 -37.81 5;Perth 115.86 -31.95 2
Auckland 174.76 -36.85 2;Honolulu -157.86 21.31 1;Anchorage -149.90 61.22 1;Suva 178.44 -18.14 1
"""


def lifelike(n: int = 2400) -> list[Event]:
    """So many events, in and around towns."""
    rng = random.Random(2015)
    towns = [line.split() for line in _TOWNS.replace(";", "\n").split("\n") if line]
    busy = [float(town[3]) ** 0.9 for town in towns]
    events = []
    for town in rng.choices(towns, busy, k=n):
        spread = rng.choice((0.05, 0.4, 1.6)) * rng.random()
        [topic] = rng.choices(list(TOPICS), list(TOPICS.values()))
        events.append(
            Event(
                lon=round(float(town[1]) + rng.gauss(0, spread), 4),
                lat=round(float(town[2]) + rng.gauss(0, 0.7 * spread), 4),
                topic=topic,
                n=rng.choice((1, 1, 1, 1, 1, 2, 3, 8)),
            )
        )
    return events
