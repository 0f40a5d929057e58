"""The naming page: a local web page on which a person looks at the groups, names and corrects them."""
