"""From statements to a conditional probability table: one module a form."""
