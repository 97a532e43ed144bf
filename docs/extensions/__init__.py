"""What Sphinx is told of this project."""
