"""What a person reads of the record, on a terminal and in a document alike."""
