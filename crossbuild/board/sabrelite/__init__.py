"""A whole emulated i.MX6 machine: kernel, initramfs, serial console."""
