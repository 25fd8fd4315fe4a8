"""What is measured of a trained model: bits per byte, answers to tasks, and the study of compressed text."""
