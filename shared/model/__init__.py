"""What a trained model is: its bundle on disk, core samples, exclusions, and the model that answers."""
