"""report.html: what a model is, on one page that works offline, on a phone, and never shows an old name."""
