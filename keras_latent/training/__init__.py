"""What trains any objective: terms, players, one step, replicas, workers."""
