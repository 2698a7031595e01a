"""Pages, pictures, tables and files that people and other programs read; nothing is decided here."""
