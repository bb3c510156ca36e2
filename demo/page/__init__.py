"""The demo in a browser: a page that looks like a channel, with the simulated world beside it."""
