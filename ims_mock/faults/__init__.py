"""What goes wrong on command."""
