"""Floor 1: the Flask side that every feature's forms and views share: guard, forms, pages, errors, health."""
