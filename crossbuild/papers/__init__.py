"""What comes with wheels for those who must answer for them: licences, SBOMs, provenance."""
