"""The instructions of Arm programs: which there are, and which the CPU is asked about first."""
