"""Which instructions an Arm program has, and which of them it asks the CPU about first."""
