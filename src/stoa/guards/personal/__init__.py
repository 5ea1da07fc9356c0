"""Personal data in text: finding it, masking it, and putting it back."""
