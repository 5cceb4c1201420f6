"""What umsalert costs, each number as a ratio to a reference measured in the same run."""

# Both wheels come before mod_spatialite, whichever benchmark runs first: docs/adr/0002.
import pyproj as pyproj
import shapely as shapely
