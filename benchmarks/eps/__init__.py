"""How near the eps that training chooses comes to the best one, on pictures whose groups are known."""
