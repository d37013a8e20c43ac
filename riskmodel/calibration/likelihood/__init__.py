"""How probable a cohort is under given statements, with the slope and curvature that a fit needs."""
