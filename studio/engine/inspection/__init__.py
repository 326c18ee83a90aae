"""Looking inside a trained network: features, neighbours, activations, a map, and the leak probe."""
