"""Circles, distances, territories and how people type them: metres in every name, no database.

Two orders meet here. People, flags and our functions say LATITUDE FIRST (`lat, lon`); GeoJSON,
pyproj and SpatiaLite's `MakePoint` say LONGITUDE FIRST (`lon, lat`).
"""
