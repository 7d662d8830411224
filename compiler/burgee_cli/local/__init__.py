"""The parts of `burgee up`: where it builds, how it rebuilds, the processes it keeps running."""
