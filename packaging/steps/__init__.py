"""The steps of setting up: system packages, the environment, what pip installs, the stamp. Standard library only."""
