"""The pages of the window. They meet in the session, never in each other."""
