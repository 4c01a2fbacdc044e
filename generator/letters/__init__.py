"""Letters to print and sign: values in, bytes out."""
