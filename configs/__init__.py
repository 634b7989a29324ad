"""YAML groups a student edits, and the schema they are checked against."""
