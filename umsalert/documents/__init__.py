"""Reports as files and documents: nothing here talks to a terminal."""
