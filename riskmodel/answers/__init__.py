"""What a case is told: posteriors with intervals, actions, the next question, and why."""
