"""Circles, distances, territories, outlines and how people type them: metres in every name.

Nothing here knows the database of the office.

Two orders meet here. People, flags and our functions say LATITUDE FIRST (`lat, lon`); GeoJSON,
pyproj and SpatiaLite's `MakePoint` say LONGITUDE FIRST (`lon, lat`).
"""
