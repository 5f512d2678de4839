"""The review page: people read doubtful answers and say what they are."""
