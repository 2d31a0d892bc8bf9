"""Speed and memory as ratios to a floor measured in the same run. `dev.py bench`; the test command times nothing."""
