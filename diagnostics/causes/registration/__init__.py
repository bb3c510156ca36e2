"""Target groups without a usable target, and rules that miss them."""
