"""Words -> the thing in AWS that they mean."""
