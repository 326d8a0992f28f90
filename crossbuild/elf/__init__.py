"""The facts of an ELF file: headers, tables, memory, static archives."""
