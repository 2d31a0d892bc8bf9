"""The parts of the frame: ink bar, command bar, rail, status bar."""
