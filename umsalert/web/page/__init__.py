"""The page of the link in a guard's message: the words of the alert, and large buttons."""
