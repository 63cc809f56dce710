"""What a file is to every reader: its bytes, its text, its rows, and a person's choices about its format.

It knows no format of texts; ``data.readers`` recognises the format of a file and reads it.
"""
