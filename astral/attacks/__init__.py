"""The attack pack: answers that try to talk a judge out of its verdict, with the truth about each."""
