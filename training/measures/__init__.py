"""What is measured of a trained model: bits per byte, and the study of compressed text."""
